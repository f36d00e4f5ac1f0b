/** Forged tokens, odd bodies and words that are not the caller's to say, at every origin. */
import assert from 'node:assert/strict';
import { createHmac, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { postgresSkipped } from '@safeconduct/test-support/postgres';
import {
  type Answer,
  API_ID,
  answerOf,
  authorize,
  authorizeUrl,
  BEN,
  CALLBACK,
  claimsOf,
  get,
  type Hostile,
  headerOf,
  introspect,
  OTHER_ORG,
  post,
  programToken,
  proof,
  redeem,
  refresh,
  rows,
  SECRET,
  type Speaker,
  signIn,
  startHostile,
  TIM,
  type Tokens,
  userinfo,
  Visitor,
} from './dialects.fixtures.test.ts';

const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const inactive = { active: false };

describe('every dialect', { skip: postgresSkipped }, () => {
  let world: Hostile;
  const mine = generateKeyPairSync('rsa', { modulusLength: 2048 });
  before(async () => {
    world = await startHostile();
  });
  after(() => world.stop());

  const setState = (state: string) => world.sql('update issuer.users set state = $2 where id = $1', [TIM.id, state]);

  for (const row of rows) {
    describe(`at ${row}`, () => {
      let at: Speaker;
      let tokens: Tokens;
      before(async () => {
        at = world.speaker(row);
        ({ tokens } = await signIn(at));
      });

      const isNobody = async (token: string, what: string) => {
        const { status, json } = await userinfo(at, token);
        assert.ok(status === 401 || status === 400, `${what}: ${status}`);
        assert.equal(json.sub, undefined, what);
        if (at.introspect) assert.deepEqual((await introspect(at, token)).json, inactive, what);
        const exchanged = await post(at.token, {
          ...{ grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange', subject_token: token },
          ...{ subject_token_type: 'urn:ietf:params:oauth:token-type:access_token', connection: 'calendar', ...proof('shop-web') },
        });
        assert.ok(exchanged.status >= 400 && exchanged.status < 500, `${what}: ${exchanged.status}`);
        assert.equal(exchanged.json.access_token, undefined, what);
      };

      it('R-090 R-093 no forged access token is anybody', async () => {
        const [header, claims] = [headerOf(tokens.access_token), claimsOf(tokens.access_token)];
        const [head = '', body = '', signature = ''] = tokens.access_token.split('.');
        const [jwk] = (await get(at.jwks)).json.keys;
        const published = createPublicKey({ key: jwk, format: 'jwk' });
        const own = { ...mine.publicKey.export({ format: 'jwk' }), kid: 'mine', alg: 'RS256' };
        const signed = (head: object, payload: object = claims) => {
          const text = `${encoded(head)}.${encoded(payload)}`;
          return `${text}.${sign('sha256', Buffer.from(text), mine.privateKey).toString('base64url')}`;
        };
        const hmac = (secret: string | Buffer) => {
          const text = `${encoded({ ...header, alg: 'HS256' })}.${body}`;
          return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
        };
        const { 'urn:safeconduct:token': _own, jti: _jti, uti: _uti, ...stripped } = claims;
        const forged: Readonly<Record<string, string>> = {
          'alg none': `${encoded({ ...header, alg: 'none' })}.${body}.`,
          'alg none with the signature': `${encoded({ ...header, alg: 'none' })}.${body}.${signature}`,
          'alg nOnE': `${encoded({ ...header, alg: 'nOnE' })}.${body}.`,
          'HS256 with the public key': hmac(published.export({ type: 'spki', format: 'pem' })),
          'HS256 with the public key as DER': hmac(published.export({ type: 'spki', format: 'der' })),
          'HS256 with the client secret': hmac(SECRET),
          'another key under the same name': signed({ ...header, alg: 'RS256' }),
          'another key under its own name': signed({ ...header, alg: 'RS256', kid: 'mine' }),
          'another key in the header': signed({ ...header, alg: 'RS256', kid: 'mine', jwk: own }),
          'a key behind an address': signed({ ...header, alg: 'RS256', jku: 'https://evil.example/jwks', x5u: 'https://evil.example/x5u' }),
          'a certificate in the header': signed({ ...header, alg: 'RS256', x5c: [encoded(own)] }),
          'claims without some of them': `${head}.${encoded(stripped)}.${signature}`,
          'another subject': `${head}.${encoded({ ...claims, sub: BEN.id, oid: BEN.id })}.${signature}`,
          'another end': `${head}.${encoded({ ...claims, exp: 9_999_999_999 })}.${signature}`,
          'a cut signature': tokens.access_token.slice(0, -1),
          'a padded signature': `${tokens.access_token}=`,
          'a fourth part': `${tokens.access_token}.x`,
          'no signature': `${head}.${body}`,
          'a list': `${head}.${encoded([claims])}.${signature}`,
          nothing: '..',
        };
        for (const [what, token] of Object.entries(forged)) await isNobody(token, what);
        assert.equal((await userinfo(at, tokens.access_token)).status, 200);
      });

      it('R-031 a token of a program is no person, and a person is no program', async () => {
        const program = (await programToken(at)).json.access_token;
        assert.notEqual(claimsOf(program).sub, claimsOf(tokens.access_token).sub);
        assert.notEqual((await userinfo(at, program)).json.email, 'ada@shop.example');
        const { json } = await post(at.token, { grant_type: 'client_credentials', ...proof('shop-spa'), ...at.forProgram });
        assert.equal(json.access_token, undefined);
      });

      it('R-035 whoever asks about a token must be its audience, and prove it', async () => {
        const ask = (form: Record<string, string>) => post(at.introspect ?? at.token, { token: tokens.access_token, ...form });
        for (const form of [{}, { client_id: API_ID }, { client_id: API_ID, client_secret: 'wrong' }, { client_id: 'shop-spa' }])
          assert.notEqual((await ask(form)).json.active, true);
        if (!at.introspect) return;
        assert.deepEqual((await introspect(at, tokens.access_token, 'other-web')).json, inactive);
        assert.equal((await introspect(at, tokens.access_token)).json.active, true);
        assert.deepEqual((await introspect(at, tokens.refresh_token)).json, inactive);
      });

      it('R-036 what was revoked is over at once, at introspection and userinfo', async (t) => {
        if (!at.revoke) return t.skip('this dialect has no revocation');
        const { tokens: more } = await signIn(at);
        for (const client of ['other-web', 'shop-spa']) await post(at.revoke, { token: more.refresh_token, ...proof(client) });
        assert.equal((await userinfo(at, more.access_token)).status, 200);
        assert.equal((await post(at.revoke, { token: more.refresh_token, ...proof('shop-web') })).status, 200);
        assert.equal((await userinfo(at, more.access_token)).status, 401);
        if (at.introspect) assert.deepEqual((await introspect(at, more.access_token)).json, inactive);
        assert.ok((await refresh(at, more.refresh_token)).status >= 400);
        for (const token of ['nothing', '', more.refresh_token, 'x'.repeat(9000)])
          assert.ok((await post(at.revoke, { token, ...proof('shop-web') })).status < 500);
      });

      it('R-028 R-060 somebody who is disabled is nobody: not at userinfo, introspection, refresh or sign-in', async () => {
        const { tokens: more, browser } = await signIn(at, { person: TIM });
        const before = await authorize(at, { browser });
        await setState('disabled');
        try {
          assert.equal((await userinfo(at, more.access_token)).status, 401);
          if (at.introspect) assert.deepEqual((await introspect(at, more.access_token)).json, inactive);
          assert.ok((await refresh(at, more.refresh_token)).status >= 400);
          assert.ok((await redeem(at, before)).status >= 400);
          assert.equal((await authorize(at, { browser, more: { prompt: 'none' } })).code, '');
        } finally {
          await setState('active');
        }
      });

      it('R-012 odd bodies are refused as what they are, and never with a 5xx', async () => {
        const form = { grant_type: 'client_credentials', client_id: 'shop-robot', client_secret: SECRET, ...at.forProgram };
        const json = (text: string | Uint8Array<ArrayBuffer>, type = 'application/json') =>
          fetch(at.token, { method: 'POST', body: text, headers: { 'content-type': type } }).then(answerOf);
        const odd = [
          '[',
          '{',
          'null',
          '42',
          '"text"',
          JSON.stringify([form]),
          `${'['.repeat(30_000)}${']'.repeat(30_000)}`,
          `{"client_id":${'{"a":'.repeat(9_000)}1${'}'.repeat(9_000)}}`,
          JSON.stringify({ ...form, client_secret: [SECRET] }),
          JSON.stringify({ ...form, client_id: { toString: 'shop-robot' } }),
          JSON.stringify({ ...form, client_secret: true }),
          JSON.stringify({ ...form, grant_type: ['client_credentials'] }),
          `{"__proto__":${JSON.stringify(form)}}`,
          `{"constructor":{"prototype":${JSON.stringify(form)}}}`,
          JSON.stringify({ ...form, client_id: 'a\0b' }),
          '{"client_id":"\\ud800","grant_type":"client_credentials"}',
        ];
        for (const text of odd) {
          const { status, json: said } = await json(text);
          assert.ok(status >= 400 && status < 500, `${status} ${text.slice(0, 80)}`);
          assert.equal(said.access_token, undefined, text.slice(0, 80));
        }
        for (const type of ['text/plain', 'application/xml', 'multipart/form-data; boundary=x', 'application/json; charset=utf-16', '']) {
          const { json: said, status } = await json(new URLSearchParams(form).toString(), type);
          assert.ok(status >= 400 && status < 500, `${type} ${status}`);
          assert.equal(said.access_token, undefined, type);
        }
        assert.ok((await json(Uint8Array.of(0xff, 0xfe, 0x7b, 0x7d))).status < 500);
        const whole = await json(JSON.stringify({ ...form, nothing: null, resource: null }));
        if (row === 'auth0') assert.equal(whole.status, 200, JSON.stringify(whole.json));
        else assert.equal(whole.json.access_token, undefined);
      });

      it('R-012 a body without an announced length is cut off, and what is said twice is refused', async () => {
        for (const url of row === 'entra' ? [at.token, `${at.origin}/common/oauth2/v2.0/token`] : [at.token]) {
          const headers = { 'content-type': 'application/x-www-form-urlencoded' };
          const body = new Blob([`grant_type=refresh_token&refresh_token=${'x'.repeat(70_000)}`]).stream();
          const answer = await fetch(url, { method: 'POST', body, headers, duplex: 'half' } as RequestInit);
          assert.equal(answer.status, 413, url);
          await answer.text();
        }
        const form = new URLSearchParams({
          grant_type: 'client_credentials',
          client_id: 'shop-robot',
          client_secret: SECRET,
          ...at.forProgram,
        });
        for (const [name, value] of [
          ['client_id', 'other-web'],
          ['grant_type', 'refresh_token'],
          ['client_secret', 'x'],
          ['scope', 'orders:write'],
        ] as const) {
          const twice = new URLSearchParams(form);
          if (!twice.has(name)) continue;
          twice.append(name, value);
          const answer = await answerOf(await fetch(at.token, { method: 'POST', body: twice }));
          assert.ok(answer.status === 400 || answer.status === 401, `${name} ${answer.status} ${JSON.stringify(answer.json)}`);
        }
      });

      it('R-012 words of our own are not for a caller to say: in the address, a body, JSON or what is pushed', async () => {
        const ours = {
          safeconduct_tenant: OTHER_ORG,
          safeconduct_asked: '{',
          safeconduct_connection: 'google',
          safeconduct_rules: 'x',
        };
        const plain = await signIn(at);
        const said = await signIn(at, { more: ours });
        assert.deepEqual(shapeOf(said.tokens), shapeOf(plain.tokens));
        const asked = authorizeUrl(at, { more: ours }, 'v'.repeat(43));
        const posted = await new Visitor().visit(at.authorize, { method: 'POST', body: new URL(asked).searchParams });
        assert.ok(posted.url.searchParams.get('code'), `${posted.url}`);
        if (at.pushed) {
          const pushed = await post(at.pushed, { ...Object.fromEntries(new URL(asked).searchParams), ...proof('shop-web') });
          const later = new URLSearchParams({ client_id: 'shop-web', request_uri: pushed.json.request_uri, ...ours });
          const back = await new Visitor().visit(`${at.authorize}?${later}`);
          assert.ok(back.url.searchParams.get('code'), `${back.url} ${JSON.stringify(pushed.json)}`);
        }
        const bare = await programToken(at);
        const program = await programToken(at, ours);
        assert.deepEqual(Object.keys(claimsOf(program.json.access_token)), Object.keys(claimsOf(bare.json.access_token)));
        assert.deepEqual(ownOf(program), ownOf(bare));
        const renewed = await refresh(at, said.tokens.refresh_token, { more: ours });
        assert.equal(renewed.status, 200);
        if (at.introspect) {
          const { json } = await post(at.introspect, {
            token: renewed.json.access_token,
            client_id: API_ID,
            client_secret: SECRET,
            ...ours,
          });
          assert.equal(json.active, true);
          assert.equal(JSON.stringify(json).includes('safeconduct_'), false);
        }
      });

      it('R-002 a request object does not say what the address may not', async () => {
        const request = `${encoded({ alg: 'none' })}.${encoded({ redirect_uri: 'https://evil.example', safeconduct_tenant: OTHER_ORG })}.`;
        const back = await authorize(at, { more: { request } });
        assert.equal(back.code, '');
        assert.notEqual(back.url.hostname, 'evil.example');
        for (const request_uri of ['https://evil.example/object', 'urn:ietf:params:oauth:request_uri:made-up']) {
          const asked = await get(authorizeUrl(at, { more: { request_uri } }, 'v'.repeat(43)));
          assert.equal(asked.headers.get('location')?.includes('code=') ?? false, false);
          assert.ok(asked.status < 500);
        }
        if (!at.pushed) return;
        const form = { ...Object.fromEntries(new URL(authorizeUrl(at, {}, 'v'.repeat(43))).searchParams), ...proof('shop-web') };
        assert.equal((await post(at.pushed, { ...form, request })).status, 400);
        assert.equal((await post(at.pushed, { ...form, redirect_uri: 'https://evil.example' })).status, 400);
        assert.equal((await post(at.pushed, { ...form, client_secret: 'wrong' })).status, 401);
        const { json } = await post(at.pushed, form);
        const with_ = { client_id: 'other-web', request_uri: json.request_uri };
        const other = await get(`${at.authorize}?${new URLSearchParams(with_)}`);
        assert.equal(other.status, 400);
        const once = () =>
          new Visitor().visit(
            `${at.authorize}?${new URLSearchParams({ ...with_, client_id: 'shop-web', redirect_uri: 'https://evil.example' })}`,
          );
        assert.equal((await once()).url.origin, new URL(CALLBACK).origin);
      });
    });
  }
});

/** What kinds of claims there are, without the values that are new each time. */
function shapeOf(tokens: Tokens): unknown {
  return [tokens.access_token, tokens.id_token].map((token) =>
    token.includes('.') ? Object.keys(claimsOf(token)).sort() : token.slice(0, 6),
  );
}

/** The claims of ours in a token of a program, by name. */
function ownOf({ json }: Answer): unknown {
  return Object.keys((claimsOf(json.access_token)['urn:safeconduct:token'] as object | undefined) ?? {}).sort();
}
