/** What tokens look like, and what introspection, revocation and userinfo say about them. */
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { artifactId } from './artifact.ts';
import { basic, call } from './browser.fixtures.test.ts';
import {
  authorize,
  claimsOf,
  engines,
  headerOf,
  introspect,
  redeem,
  refresh,
  signIn,
  startIssuer,
  type TestIssuer,
} from './harness.test.ts';
import { API, OPAQUE_API, SECRET } from './shop.fixtures.test.ts';

const inactive = { active: false };

for (const { engine, skip } of engines) {
  describe(`tokens on ${engine}`, { skip }, () => {
    let issuer: TestIssuer;
    let url: string;
    before(async () => {
      issuer = await startIssuer(engine);
      ({ url } = issuer);
    });
    after(() => issuer.stop());

    const revoke = (token: string, client = 'cli') => call(url, '/oauth2/revoke', { form: { token, client_id: client } });
    const userinfo = (token: string) => call(url, '/oauth2/userinfo', { headers: { authorization: `Bearer ${token}` } });

    it('R-030 S0.8 access tokens are RFC 9068 JWTs signed with ES256 by a published key, with flat roles', async () => {
      const { access_token } = (await signIn(url)).tokens;
      const jwks = (await call(url, '/oauth2/jwks')).json;
      const { payload, protectedHeader } = await jwtVerify(access_token, createLocalJWKSet(jwks), {
        issuer: url,
        audience: API,
        typ: 'at+jwt',
        algorithms: ['ES256'],
      });
      assert.ok(protectedHeader.kid && jwks.keys.every((key: { use: string; d?: string }) => key.use === 'sig' && key.d === undefined));
      const { sub, aud, client_id, scope, roles, org_id, iat = 0, exp = 0, jti, sid, gid } = payload;
      assert.deepEqual(
        { sub, aud, client_id, scope, roles, org_id },
        { sub: 'usr_ada', aud: API, client_id: 'cli', scope: 'orders:read', roles: ['customer'], org_id: 'shop-org' },
      );
      assert.equal(exp - iat, 600);
      assert.ok(jti && sid && gid);
    });

    it('R-032 S0.9 S0.10 ID tokens have aud, nonce, auth_time, sid, requested claims only, and the at_hash of the token beside them', async () => {
      const { tokens } = await signIn(url, { scope: 'openid email offline_access orders:read' });
      for (const answer of [tokens, (await refresh(url, tokens.refresh_token)).json]) {
        const { iss, sub, aud, nonce, auth_time, sid, at_hash, email, name, iat } = claimsOf(answer.id_token);
        assert.deepEqual(
          { iss, sub, aud, nonce, email, name },
          { iss: url, sub: 'usr_ada', aud: 'cli', nonce: 'n', email: 'ada@shop.example', name: undefined },
        );
        assert.equal(at_hash, hash('sha256', answer.access_token, 'buffer').subarray(0, 16).toString('base64url'));
        assert.ok(iat <= Date.now() / 1000 && auth_time <= iat && sid);
        assert.equal(headerOf(answer.id_token).alg, 'ES256');
      }
    });

    for (const [format, resource, audience] of [
      ['JWT', API, 'api'],
      ['opaque', OPAQUE_API, 'opaque-api'],
    ] as const) {
      it(`a ${format} access token tells when and how its person signed in, after a refresh too (RFC 9470)`, async () => {
        const { tokens } = await signIn(url, { resource });
        const { auth_time, amr } = claimsOf(tokens.id_token);
        const later = (await refresh(url, tokens.refresh_token, 'cli', { resource })).json;
        for (const { access_token } of [tokens, later]) {
          const answer = await introspect(url, access_token, audience);
          assert.deepEqual([answer.auth_time, answer.amr], [auth_time, amr]);
          assert.equal(typeof auth_time, 'number');
          if (format === 'JWT') assert.equal(claimsOf(access_token).auth_time, auth_time);
        }
      });
    }

    it('an access token lives as long as its API says', async () => {
      const lifetimes = [];
      for (const [resource, audience] of [
        [API, 'api'],
        [OPAQUE_API, 'opaque-api'],
      ] as const) {
        const { access_token, expires_in } = (await signIn(url, { resource })).tokens as { access_token: string; expires_in?: number };
        const { exp, iat } = await introspect(url, access_token, audience);
        lifetimes.push([expires_in, exp - iat]);
      }
      assert.deepEqual(lifetimes, [
        [600, 600],
        [90, 90],
      ]);
    });

    for (const [format, resource, audience] of [
      ['JWT', API, 'api'],
      ['opaque', OPAQUE_API, 'opaque-api'],
    ] as const) {
      it(`R-035 introspects a ${format} access token for its audience only`, async () => {
        const { access_token } = (await signIn(url, { resource })).tokens;
        assert.equal(access_token.includes('.'), format === 'JWT');
        const { active, sub, aud, scope, client_id, roles, org_id, exp, gid } = await introspect(url, access_token, audience);
        assert.deepEqual(
          { active, sub, aud, scope, client_id, roles, org_id, gid },
          {
            active: true,
            sub: 'usr_ada',
            aud: resource,
            scope: 'orders:read',
            client_id: 'cli',
            roles: ['customer'],
            org_id: 'shop-org',
            gid: undefined,
          },
        );
        assert.equal(typeof exp, 'number');
        for (const other of ['stranger', 'web', 'job']) assert.deepEqual(await introspect(url, access_token, other), inactive);
      });

      it(`R-036 ends a ${format} access token for its own client only, and is idempotent`, async () => {
        const { access_token } = (await signIn(url, { resource })).tokens;
        assert.equal((await revoke(access_token, 'other')).status, 200);
        assert.equal((await introspect(url, access_token, audience)).active, true);
        for (const _again of [1, 2]) assert.equal((await revoke(access_token)).status, 200);
        assert.deepEqual(await introspect(url, access_token, audience), inactive);
        assert.equal((await userinfo(access_token)).status, 401);
      });

      it(`answers userinfo for a ${format} access token that is bound to an API`, async () => {
        const { access_token } = (await signIn(url, { resource })).tokens;
        const answer = await userinfo(access_token);
        assert.equal(answer.status, 200);
        assert.deepEqual(answer.json, { sub: 'usr_ada', org_id: 'shop-org', email: 'ada@shop.example', email_verified: true });
        const posted = await call(url, '/oauth2/userinfo', { form: { access_token } });
        assert.equal(posted.json.sub, 'usr_ada');
        const narrow = (await signIn(url, { resource, scope: 'orders:read' })).tokens.access_token;
        assert.equal((await userinfo(narrow)).status, 403);
      });
    }

    it('R-035 refuses a caller that cannot prove itself, and a public one', async () => {
      const { access_token } = (await signIn(url)).tokens;
      for (const headers of [{}, basic('api', 'wrong'), { authorization: `Bearer ${access_token}` }]) {
        const { status, json } = await call(url, '/oauth2/introspect', { form: { token: access_token }, headers });
        assert.ok(status === 401 || status === 400, String(status));
        assert.equal(json.active, undefined);
      }
      const open = await call(url, '/oauth2/introspect', { form: { token: access_token, client_id: 'cli' } });
      assert.equal(open.json.error, 'invalid_client');
    });

    it('R-036 R-037 answers alike for what is unknown, altered, cut or forged', async () => {
      const { access_token, refresh_token } = (await signIn(url)).tokens;
      const [head, , signature] = access_token.split('.');
      const forged = Buffer.from(JSON.stringify({ ...claimsOf(access_token), sub: 'usr_eve' })).toString('base64url');
      const none = Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url');
      const candidates = [
        '',
        'x',
        'a.b.c',
        `${head}.${forged}.${signature}`,
        `${none}.${forged}.`,
        access_token.slice(0, -2),
        `${access_token}=`,
        `${access_token}\n`,
        `${access_token.slice(0, -1)}${String.fromCharCode(access_token.charCodeAt(access_token.length - 1) + 1)}`,
        refresh_token.slice(0, 40),
        `${refresh_token}0`,
        'sc_at_',
      ];
      for (const token of candidates) {
        assert.deepEqual(await introspect(url, token), inactive, token);
        assert.equal((await revoke(token)).status, 200);
      }
      assert.equal((await introspect(url, access_token)).active, true);
    });

    it('R-030 takes no ID token for an access token', async () => {
      const { id_token } = (await signIn(url)).tokens;
      assert.deepEqual(await introspect(url, id_token), inactive);
      assert.equal((await userinfo(id_token)).status, 401);
    });

    it('R-035 R-036 tells a refresh token to its own client only, and its end ends the access tokens', async () => {
      const { access_token, refresh_token } = (await signIn(url, { client: 'web' })).tokens;
      assert.deepEqual(await introspect(url, refresh_token), inactive);
      assert.equal((await introspect(url, refresh_token, 'web')).active, true);
      assert.equal((await call(url, '/oauth2/revoke', { form: { token: refresh_token }, headers: basic('web') })).status, 200);
      assert.equal((await refresh(url, refresh_token, 'web')).status, 400);
      assert.deepEqual(await introspect(url, access_token), inactive);
    });

    it('R-036 ends the family of a refresh token whose answer was lost', async () => {
      const { refresh_token } = (await signIn(url, { client: 'web' })).tokens;
      const child = (await refresh(url, refresh_token, 'web')).json;
      assert.deepEqual(await introspect(url, refresh_token, 'web'), inactive, 'a used one is not active');
      await call(url, '/oauth2/revoke', { form: { token: refresh_token }, headers: basic('narrow') });
      assert.equal((await introspect(url, child.access_token)).active, true, 'not by somebody else');
      await call(url, '/oauth2/revoke', { form: { token: refresh_token }, headers: basic('web') });
      assert.deepEqual(await introspect(url, child.access_token), inactive);
      assert.equal((await refresh(url, child.refresh_token, 'web')).json.error, 'invalid_grant');
    });

    it('R-020 a code is used once, by its own client, redirect URI and verifier, within a minute', async () => {
      for (const wrong of [
        { code_verifier: 'x'.repeat(43) },
        { client_id: 'other' },
        { redirect_uri: 'http://127.0.0.1:9998/callback' },
        { code_verifier: '' },
      ]) {
        const back = await authorize(url);
        const answer = await redeem(url, back, wrong);
        assert.equal(answer.json.error, 'invalid_grant', JSON.stringify(wrong));
        assert.equal((await redeem(url, back)).status, 200, 'a wrong try does not use the code up');
      }
      if (engine === 'pglite') return;
      const late = await authorize(url);
      assert.ok(Buffer.from(late.code, 'base64url').length >= 16, 'at least 128 bit');
      const [row] = await issuer.sql(
        'select extract(epoch from expires_at - now())::int as left from issuer.artifact where id = $1',
        artifactId('AuthorizationCode', late.code),
      );
      assert.ok(Number(row?.left) <= 60);
      await issuer.sql('update issuer.artifact set expires_at = now() where id = $1', artifactId('AuthorizationCode', late.code));
      assert.equal((await redeem(url, late)).json.error, 'invalid_grant');
    });

    it('R-023 S0.6 a valid replay of a code ends its tokens; an invalid one does not', async () => {
      const back = await authorize(url);
      const { access_token } = (await redeem(url, back)).json;
      assert.equal((await redeem(url, { ...back, verifier: 'x'.repeat(43) })).status, 400);
      assert.equal((await redeem(url, { ...back, client: 'other' })).status, 400);
      assert.equal((await introspect(url, access_token)).active, true);
      assert.equal((await redeem(url, back)).json.error, 'invalid_grant');
      assert.deepEqual(await introspect(url, access_token), inactive);
    });

    it('R-031 S1.11 a service is named by its client id, has the roles of its service user, and no refresh token', async () => {
      const answer = await call(url, '/oauth2/token', {
        form: { grant_type: 'client_credentials', scope: 'orders:read' },
        headers: basic('job'),
      });
      const { sub, client_id, aud, roles, scope, org_id } = claimsOf(answer.json.access_token);
      assert.deepEqual(
        { sub, client_id, aud, roles, scope, org_id },
        { sub: 'job', client_id: 'job', aud: API, roles: ['support'], scope: 'orders:read', org_id: 'shop-org' },
      );
      assert.equal(answer.json.refresh_token, undefined);
      assert.equal((await introspect(url, answer.json.access_token)).active, true);
      const other = await call(url, '/oauth2/token', {
        form: { grant_type: 'client_credentials', resource: OPAQUE_API },
        headers: basic('job'),
      });
      assert.equal(other.json.error, 'invalid_target');
    });

    it('R-034 nothing about tokens may be stored', async () => {
      const { access_token, refresh_token } = (await signIn(url)).tokens;
      const answers = [
        await refresh(url, refresh_token),
        await refresh(url, 'unknown'),
        await call(url, '/oauth2/introspect', { form: { token: access_token }, headers: basic('api') }),
        await call(url, '/oauth2/introspect', { form: { token: access_token } }),
        await userinfo(access_token),
        await userinfo('wrong'),
        await revoke(access_token),
        await call(url, '/oauth2/revoke', { form: { token: 'x', client_id: 'unknown' } }),
        await call(url, '/oauth2/device_authorization', { form: { client_id: 'cli' } }),
        await call(url, '/oauth2/introspect', { form: { token: 's'.repeat(70_000) }, headers: basic('api') }),
      ];
      for (const { headers, status } of answers) assert.equal(headers['cache-control'], 'no-store', String(status));
    });

    it('S0.5 answers a code with both tokens, and errors in JSON', async () => {
      const { tokens } = await signIn(url, { scope: 'openid profile email', resource: '' });
      assert.ok(tokens.access_token && tokens.id_token);
      const { status, headers, json } = await redeem(url, { code: 'unknown', verifier: 'x'.repeat(43), client: 'cli' });
      assert.equal(status, 400);
      assert.match(String(headers['content-type']), /^application\/json/);
      assert.deepEqual(Object.keys(json), ['error', 'error_description']);
      assert.ok(!JSON.stringify(json).includes(SECRET));
    });
  });
}
