import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { back, begun } from './presets.fixtures.test.ts';
import { presets } from './presets.ts';
import { UpstreamFailed, UpstreamRefused } from './third-party.ts';
import { connectionOf, json, type Vendor, vendorOf } from './upstream.fixtures.test.ts';
import { createUpstream } from './upstream.ts';

const slackAnswer = {
  ok: true,
  app_id: 'A0KRD7HC3',
  authed_user: {
    id: 'U1234',
    scope: 'chat:write,channels:read',
    access_token: 'xoxp-demo',
    token_type: 'user',
    expires_in: 43_200,
    refresh_token: 'xoxe-1-demo',
  },
  team: { id: 'T9TK3CUKW', name: 'Demo workspace' },
  enterprise: null,
};

function slack(answer: unknown, answers: Parameters<typeof vendorOf>[0] = {}): Vendor {
  return vendorOf({ 'https://slack.com/api/oauth.v2.access': () => json(answer), ...answers });
}

describe('Slack', () => {
  const connection = connectionOf('slack');

  it('asks for scopes of a user, and finds the user’s token in the answer', async () => {
    const asked = await begun(connection, ['chat:write', 'channels:read']);
    assert.deepEqual([asked.get('user_scope'), asked.get('scope')], ['chat:write,channels:read', null]);
    const { tokens, account } = await back(slack(slackAnswer), connection);
    assert.deepEqual(
      [tokens.accessToken, tokens.refreshToken, tokens.scopes],
      ['xoxp-demo', 'xoxe-1-demo', ['chat:write', 'channels:read']],
    );
    assert.deepEqual([account.issuer, account.subject, account.name], ['oauth2:https://slack.com', 'T9TK3CUKW/U1234', 'Demo workspace']);
  });

  it('takes no token of a bot for that of a person', async () => {
    const bot = { ok: true, access_token: 'xoxb-demo', token_type: 'bot', authed_user: { id: 'U1234' }, team: { id: 'T1' } };
    await assert.rejects(back(slack(bot), connection), UpstreamFailed);
    await assert.rejects(createUpstream({ fetch: slack(bot).fetch }).refresh(connection, 'xoxe-1-demo'), UpstreamFailed);
  });

  it('refreshes, and says no with status 200', async () => {
    const fresh = { ok: true, access_token: 'xoxe.xoxp-demo', expires_in: 43_200, refresh_token: 'xoxe-2-demo', token_type: 'user' };
    const tokens = await createUpstream({ fetch: slack(fresh).fetch }).refresh(connection, 'xoxe-1-demo');
    assert.deepEqual([tokens.accessToken, tokens.refreshToken], ['xoxe.xoxp-demo', 'xoxe-2-demo']);
    const no = (error: string) => createUpstream({ fetch: slack({ ok: false, error }).fetch }).refresh(connection, 'xoxe-1-demo');
    await assert.rejects(no('invalid_refresh_token'), (error) => error instanceof UpstreamRefused && error.code === 'invalid_grant');
    await assert.rejects(no('ratelimited'), (error) => error instanceof UpstreamFailed && !error.sent);
  });

  it('R-125 revokes with the token itself', async () => {
    const revoke = (answer: unknown) =>
      createUpstream({ fetch: slack({}, { 'https://slack.com/api/auth.revoke': () => json(answer) }).fetch }).revoke(connection, {
        accessToken: 'xoxp-demo',
        refreshToken: undefined,
      });
    assert.equal(await revoke({ ok: true, revoked: true }), 'revoked');
    assert.equal(await revoke({ ok: false, error: 'token_revoked' }), 'revoked');
    await assert.rejects(revoke({ ok: false, error: 'fatal_error' }), UpstreamFailed);
  });

  it('signs nobody in: its OpenID Connect does', () => {
    assert.equal(presets.slack.signIn, false);
  });
});
