import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type ForeignProvider, FormBrowser, startForeignProvider } from '@safeconduct/test-support/foreign-provider';
import { generic } from '../../../core/providers/generic.ts';
import { createLogin } from '../login.ts';
import { memorySessions } from './memory-sessions.ts';
import { createWebLogin, type WebLogin } from './web-login.ts';

const origin = 'http://localhost:4999';

describe('a web application at a provider that is not ours', () => {
  let foreign: ForeignProvider;
  let web: WebLogin;
  const answers: number[] = [];

  before(async () => {
    foreign = await startForeignProvider(
      [
        {
          client_id: 'shop',
          client_secret: 'secret',
          redirect_uris: [`${origin}/auth/callback`],
          backchannel_logout_uri: `${origin}/auth/backchannel-logout`,
          backchannel_logout_session_required: true,
        },
      ],
      {
        features: { backchannelLogout: { enabled: true } },
        fetch: async (url, options) => {
          const response = await web.receiveBackChannelLogout(new Request(url, options));
          answers.push(response.status);
          return response;
        },
      },
    );
    const provider = generic({ issuer: foreign.issuer });
    const redirectUri = `${origin}/auth/callback`;
    web = createWebLogin({
      login: createLogin({ provider, clientId: 'shop', clientSecret: 'secret', redirectUri, scopes: ['openid'] }),
      sessions: memorySessions(),
      secret: 'a secret of thirty-two characters or more',
    });
  });
  after(() => foreign.close());

  it('signs people in, and out when the provider says so', async () => {
    const begun = await web.begin(new Request(`${origin}/auth/login?returnTo=/orders`));
    const cookie = begun.headers.getSetCookie()[0]?.split(';')[0] ?? '';
    const callback = await new FormBrowser().signIn(new URL(begun.headers.get('location') ?? ''), { login: 'ada' }, origin);
    const finished = await web.finish(new Request(callback, { headers: { cookie } }));
    assert.equal(finished.headers.get('location'), '/orders');
    const kept = finished.headers.getSetCookie().find((line) => line.startsWith('safeconduct-session=')) ?? '';
    const request = new Request(origin, { headers: { cookie: kept.split(';')[0] ?? '' } });
    const session = await web.sessionOf(request);
    assert.equal(session?.identity.subject, 'ada');

    // Its types do not know the method that its own sign-out page calls.
    const client: unknown = await foreign.provider.Client.find('shop');
    await (client as { backchannelLogout(subject: string, session: string): Promise<void> }).backchannelLogout(
      'ada',
      session?.identity.session ?? '',
    );
    assert.deepEqual(answers, [200]);
    assert.equal(await web.sessionOf(request), undefined);
  });
});
