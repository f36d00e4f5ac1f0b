import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { back, begun, googleMetadata, key, signed } from './presets.fixtures.test.ts';
import { presets } from './presets.ts';
import { UpstreamFailed, UpstreamRefused } from './third-party.ts';
import { connectionOf, json, type Vendor, vendorOf } from './upstream.fixtures.test.ts';
import { createUpstream } from './upstream.ts';

function google(answers: Parameters<typeof vendorOf>[0] = {}): Vendor {
  return vendorOf({
    'https://accounts.google.com/.well-known/openid-configuration': () => json(googleMetadata),
    'https://www.googleapis.com/oauth2/v3/certs': () => json({ keys: [key] }),
    'https://oauth2.googleapis.com/token': async () =>
      json({
        access_token: 'ya29.demo',
        expires_in: 3599,
        refresh_token: '1//demo',
        scope: 'openid https://www.googleapis.com/auth/userinfo.email https://www.googleapis.com/auth/userinfo.profile',
        token_type: 'Bearer',
        id_token: await signed({
          iss: 'https://accounts.google.com',
          azp: 'safeconduct-demo',
          sub: '110169484474386276334',
          email: 'ada@gmail.example',
          email_verified: true,
          name: 'Ada Brandt',
        }),
      }),
    ...answers,
  });
}

describe('Google', () => {
  const connection = connectionOf('google');

  it('asks for a refresh token where more is asked for than who somebody is', async () => {
    const scopes = ['https://www.googleapis.com/auth/calendar.readonly'];
    const asked = await begun(connection, scopes);
    assert.deepEqual([asked.get('access_type'), asked.get('prompt')], ['offline', 'consent']);
    const signIn = await begun(connection, ['openid', 'email']);
    assert.deepEqual([signIn.get('access_type'), signIn.get('prompt')], [null, null]);
    assert.equal(
      (await begun({ ...connection, authorizationParams: { prompt: 'select_account consent' } }, scopes)).get('prompt'),
      'select_account consent',
    );
  });

  it('knows scopes by both of their names, and the person by their number', async () => {
    const vendor = google();
    const { tokens, account } = await back(vendor, connection);
    assert.ok(['openid', 'email', 'profile'].every((scope) => tokens.scopes?.includes(scope)));
    assert.deepEqual([account.subject, account.email, account.emailVerified], ['110169484474386276334', 'ada@gmail.example', true]);
    assert.equal(vendor.asked.find(({ url }) => url.endsWith('/token'))?.form.get('client_secret'), connection.clientSecret?.reveal());
  });

  it('counts a token as revoked that Google does not know any more', async () => {
    const revoke = (status: number, error: string) =>
      createUpstream({ fetch: google({ 'https://oauth2.googleapis.com/revoke': () => json({ error }, status) }).fetch }).revoke(
        connection,
        {
          accessToken: 'ya29.demo',
          refreshToken: '1//demo',
        },
      );
    assert.equal(await revoke(400, 'invalid_token'), 'revoked');
    await assert.rejects(revoke(400, 'invalid_request'), UpstreamRefused);
    await assert.rejects(revoke(503, 'backend'), UpstreamFailed);
  });
});

function github(answers: Parameters<typeof vendorOf>[0] = {}): Vendor {
  return vendorOf({
    'https://github.com/login/oauth/access_token': () => json({ access_token: 'gho_demo', scope: 'repo,gist', token_type: 'bearer' }),
    'https://api.github.com/user': () => json({ id: 583231, login: 'octocat', name: 'The Octocat', email: 'octocat@github.example' }),
    ...answers,
  });
}

describe('GitHub', () => {
  const connection = connectionOf('github');

  it('gives a token without an end, scopes between commas, and a person known by a number', async () => {
    const { tokens, account } = await back(github(), connection);
    assert.deepEqual(tokens, { accessToken: 'gho_demo', refreshToken: undefined, expiresAt: undefined, scopes: ['repo', 'gist'] });
    assert.deepEqual(
      [account.issuer, account.subject, account.name, account.fullName],
      ['oauth2:https://github.com', '583231', 'octocat', 'The Octocat'],
    );
  });

  it('CON-01 never counts an address of its as verified', async () => {
    const user = () => json({ id: 1, login: 'eve', email: 'ada@example.com', email_verified: true });
    const { account } = await back(github({ 'https://api.github.com/user': user }), connection);
    assert.equal(account.emailVerified, false);
  });

  it('answers as a form as well', async () => {
    const form = () =>
      new Response('access_token=gho_demo&scope=repo%2Cgist&token_type=bearer', {
        headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
      });
    const { tokens } = await back(github({ 'https://github.com/login/oauth/access_token': form }), connection);
    assert.deepEqual([tokens.accessToken, tokens.scopes], ['gho_demo', ['repo', 'gist']]);
  });

  it('says no with status 200', async () => {
    const no = (error: string) => github({ 'https://github.com/login/oauth/access_token': () => json({ error, error_description: 'no' }) });
    const code = (expected: string) => (error: unknown) => error instanceof UpstreamRefused && error.code === expected;
    await assert.rejects(back(no('bad_verification_code'), connection), code('invalid_grant'));
    await assert.rejects(back(no('incorrect_client_credentials'), connection), code('invalid_client'));
    await assert.rejects(createUpstream({ fetch: no('bad_refresh_token').fetch }).refresh(connection, 'ghr_demo'), code('invalid_grant'));
  });

  it('R-125 ends a token in its own way', async () => {
    const place = 'https://api.github.com/applications/safeconduct-demo/token';
    const revoke = (status: number) => {
      const vendor = github({ [place]: () => new Response(null, { status }) });
      return {
        vendor,
        done: createUpstream({ fetch: vendor.fetch }).revoke(connection, { accessToken: 'gho_demo', refreshToken: undefined }),
      };
    };
    const { vendor, done } = revoke(204);
    assert.equal(await done, 'revoked');
    const init = vendor.asked[0]?.init ?? {};
    assert.deepEqual([init.method, init.body], ['DELETE', '{"access_token":"gho_demo"}']);
    assert.match(new Headers(init.headers).get('authorization') ?? '', /^Basic /);
    assert.equal(await revoke(404).done, 'revoked');
    await assert.rejects(revoke(500).done, UpstreamFailed);
  });

  it('refuses a person without a number', async () => {
    for (const id of [undefined, null, '', {}, 1e300, true])
      await assert.rejects(back(github({ 'https://api.github.com/user': () => json({ id, login: 'eve' }) }), connection), UpstreamFailed);
  });
});

describe('presets', () => {
  it('R-073 hold https addresses only', () => {
    for (const { issuer, endpoints } of Object.values(presets))
      for (const url of [issuer, ...Object.values(endpoints)]) assert.ok(url === undefined || url.startsWith('https://'), url);
  });

  it('send a refresh token again after a crash only where that does no harm', () => {
    const safe = Object.entries(presets).flatMap(([name, { refreshRetry }]) => (refreshRetry === 'safe' ? [name] : []));
    assert.deepEqual(safe, ['google', 'microsoft']);
  });
});
