import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { type ScriptedProvider, startScriptedProvider } from '@safeconduct/test-support/scripted-provider';
import type { Connection } from './connection.ts';
import { createOutboundFetch, type OutboundFetch } from './outbound-fetch.ts';
import { type Upstream, UpstreamFailed, UpstreamRefused, type UpstreamRequest } from './third-party.ts';
import { CLIENT_SECRET, connectionOf, LOCAL_ISSUER, request } from './upstream.fixtures.test.ts';
import { createUpstream } from './upstream.ts';

let there: ScriptedProvider;
let fetch: OutboundFetch;
let upstream: Upstream;
let connection: Connection;

before(async () => {
  there = await startScriptedProvider('person-over-there');
  fetch = createOutboundFetch({ issuer: LOCAL_ISSUER });
});
after(async () => {
  await fetch.close();
  await there.close();
});
beforeEach(() => {
  there.script = {};
  there.calls.clear();
  upstream = createUpstream({ fetch });
  connection = connectionOf('oidc', { issuer: there.issuer, scopes: ['calendar.read'] });
});

/** Goes there and comes back. */
async function trip(changes: Readonly<Record<string, string | undefined>> = {}, asked: UpstreamRequest = request) {
  const url = await upstream.begin(connection, asked);
  return upstream.finish(connection, there.answer(url, changes), asked);
}

const untrusted = (error: unknown): boolean => error instanceof UpstreamFailed && error.reason === 'untrusted';
const refusedAs = (code: string) => (error: unknown) => error instanceof UpstreamRefused && error.code === code;
const failed = (sent: boolean) => (error: unknown) => error instanceof UpstreamFailed && error.sent === sent;

describe('refreshing at a third party', () => {
  const refreshed = async () => (await trip()).tokens.refreshToken ?? '';

  it('gives the new tokens, and leaves the refresh token open when none came', async () => {
    const first = await refreshed();
    const { refreshToken } = await upstream.refresh(connection, first);
    assert.ok(refreshToken && refreshToken !== first);
    there.script.tokenAnswer = ({ refresh_token: _, id_token: __, ...honest }) => honest;
    assert.equal((await upstream.refresh(connection, refreshToken)).refreshToken, undefined);
  });

  it('R-072 refuses a refreshed token that tells of somebody else', async () => {
    await upstream.refresh(connection, await refreshed(), { account: 'person-over-there' });
    await assert.rejects(upstream.refresh(connection, await refreshed(), { account: 'somebody-else' }), untrusted);
  });

  it('reads odd answers as they are meant', async () => {
    const read = async (change: Record<string, unknown>) => {
      there.script = {};
      const token = await refreshed();
      there.script.tokenAnswer = ({ scope: _, expires_in: __, token_type: ___, ...honest }) => ({ ...honest, ...change });
      return upstream.refresh(connection, token);
    };
    const soon = (at: Date | undefined) => Math.round((Number(at) - Date.now()) / 1000);
    assert.equal(soon((await read({ expires_in: '3600' })).expiresAt), 3600);
    for (const odd of [undefined, null, 0, -5, 'soon', Number.NaN]) assert.equal((await read({ expires_in: odd })).expiresAt, undefined);
    assert.equal((await read({})).scopes, undefined);
    assert.deepEqual((await read({ scope: ['a', 'b'] })).scopes, ['a', 'b', 'openid'].slice(0, 2));
    await assert.rejects(read({ token_type: 'DPoP' }), untrusted);
    await assert.rejects(read({ access_token: undefined }), untrusted);
    await assert.rejects(read({ access_token: 'two\nlines' }), untrusted);
  });

  it('tells a no from an answer that leaves open whether the token was used', async () => {
    const token = await refreshed();
    const answers = [
      [400, '{"error":"invalid_grant"}', refusedAs('invalid_grant')],
      [400, '{"error":"temporarily_unavailable"}', failed(false)],
      [429, '', failed(false)],
      [503, '<html>', failed(false)],
      [403, 'forbidden', failed(false)],
      [500, '', failed(true)],
      [502, '<html>', failed(true)],
      [500, '{"error":"server_error"}', failed(true)],
      [200, 'no json', failed(true)],
      [200, '[]', failed(true)],
    ] as const;
    for (const [status, body, expected] of answers) {
      there.script.tokenRefusal = () => ({ status, body });
      await assert.rejects(upstream.refresh(connection, token), expected, `${status} ${body}`);
    }
  });

  it('R-038 F-13 tells a third party that is away from one that broke off in the middle', async () => {
    const lonely = await startScriptedProvider();
    const at = connectionOf('oauth2', { endpoints: { authorization: `${lonely.issuer}/authorize`, token: `${lonely.issuer}/token` } });
    await lonely.close();
    await assert.rejects(upstream.refresh(at, 'refresh-token'), failed(false));
    let release = () => {};
    there.script.answering = () =>
      new Promise<void>((resolve) => {
        release = resolve;
      });
    const broken = connectionOf('oauth2', { endpoints: { authorization: `${there.issuer}/authorize`, token: `${there.issuer}/token` } });
    const begun = performance.now();
    await assert.rejects(upstream.refresh(broken, 'refresh-token'), failed(true));
    assert.ok(performance.now() - begun < 6_000);
    release();
  });

  it('says no token, code or secret in an error', async () => {
    const secrets = ['refresh-token-of-ada', CLIENT_SECRET, 'shown-in-body'];
    for (const said of ['shown-in-body-with-a-long-token-behind-it-0123456789', 'the token refresh-token-of-ada was used before']) {
      there.script.tokenRefusal = () => ({ status: 400, body: JSON.stringify({ error: 'invalid_grant', error_description: said }) });
      await assert.rejects(upstream.refresh(connection, 'refresh-token-of-ada'), (error: Error) =>
        secrets.every((secret) => !error.message.includes(secret) && !String(error.cause).includes(secret)),
      );
    }
  });
});

describe('revoking at a third party', () => {
  it('R-125 ends the refresh token, then the access token', async () => {
    const { tokens } = await trip();
    assert.equal(await upstream.revoke(connection, tokens), 'revoked');
    assert.deepEqual(there.revoked.slice(-2), [tokens.refreshToken, tokens.accessToken]);
    assert.ok(await upstream.refresh(connection, tokens.refreshToken ?? '').then(() => false, refusedAs('invalid_grant')));
  });

  it('R-125 says when the third party has no way to, and when it did not work', async () => {
    const { tokens } = await trip();
    there.script.metadata = ({ revocation_endpoint: _, ...honest }) => honest;
    assert.equal(await createUpstream({ fetch }).revoke(connection, tokens), 'unsupported');
    there.script = { down: (path) => (path === '/revoke' ? 500 : undefined) };
    await assert.rejects(upstream.revoke(connection, tokens), UpstreamFailed);
  });
});
