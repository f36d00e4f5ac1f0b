/** What one origin gave or knows is nothing to another: codes, tokens, applications, sessions, keys. */
import assert from 'node:assert/strict';
import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { ProjectDeclaration } from '@safeconduct/issuer';
import { finishLogin, refreshLogin, type SignedIn, startLogin } from 'safeconduct/login';
import { bearing, guardAt, loginAt, metadataOf, post, signInAt, type Vendor, vendors } from './own-library.fixtures.test.ts';
import { API_ID, CALLBACK, SECRET, startWorld, Visitor, type World } from './world.fixtures.test.ts';

describe('an origin and the origins beside it', () => {
  let world: World;
  const urls = new Map<string, Readonly<Record<string, string>>>();
  const signedIn = new Map<string, SignedIn>();

  before(async () => {
    world = await startWorld({
      dialects: vendors.map(({ dialect }) => dialect).filter((dialect) => dialect !== 'standard'),
      declare: (base) => ({ ...base, projects: (base.projects ?? []).map(withMore) }),
    });
    for (const vendor of vendors) {
      urls.set(vendor.dialect, await metadataOf(world, vendor));
      signedIn.set(vendor.dialect, await signInAt(loginAt(world, vendor)));
    }
  });
  after(() => world?.stop());

  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

  /** RFC 7523: what a program signs to prove itself. */
  function signedFor(aud: string): string {
    const iat = Math.floor(Date.now() / 1000);
    const claims = { iss: 'key-robot', sub: 'key-robot', aud, jti: randomUUID(), iat, exp: iat + 60 };
    const parts = [{ alg: 'RS256', kid: 'key-1', typ: 'JWT' }, claims].map((part) =>
      Buffer.from(JSON.stringify(part)).toString('base64url'),
    );
    return `${parts.join('.')}.${sign('sha256', Buffer.from(parts.join('.')), privateKey).toString('base64url')}`;
  }

  /** A program with a key, and an application for each dialect that is served there alone. */
  function withMore(project: ProjectDeclaration): ProjectDeclaration {
    const applications = project.applications ?? [];
    const [web, robot] = ['shop-web', 'shop-robot'].map((id) => applications.find((one) => one.id === id) ?? assert.fail(id));
    if (web === undefined || robot === undefined) return project;
    const { secret: _, ...rest } = robot;
    const jwks = { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'key-1', alg: 'RS256', use: 'sig' }] };
    const keyed = { ...rest, id: 'key-robot', authMethod: 'private_key_jwt', jwks } as const;
    const ones = vendors.map(({ dialect }) => ({ ...web, id: `${dialect}-web`, dialects: [dialect] }));
    return { ...project, applications: [...applications, keyed, ...ones] };
  }

  const othersOf = (vendor: Vendor) => vendors.filter((other) => other !== vendor);
  const tokensOf = ({ dialect }: Vendor) => (signedIn.get(dialect) ?? assert.fail(dialect)).tokens;
  const endpoint = ({ dialect }: Vendor, name: string) => urls.get(dialect)?.[name];
  const errorOf = async (response: Response) => ((await response.json()) as { readonly error?: string }).error;

  for (const vendor of vendors) {
    const { dialect } = vendor;

    it(`R-033 redeems a code of ${dialect} nowhere else, and the code is good there afterwards`, async () => {
      const login = loginAt(world, vendor);
      const { url, transaction } = await startLogin(login);
      const { url: back } = await new Visitor().visit(url.href);
      const code = back.searchParams.get('code') ?? assert.fail(back.href);
      const fields = { grant_type: 'authorization_code', code, redirect_uri: CALLBACK, code_verifier: transaction.verifier };
      for (const other of othersOf(vendor)) {
        const response = await post(endpoint(other, 'token_endpoint'), fields);
        assert.deepEqual([response.status >= 400, await errorOf(response)], [true, 'invalid_grant'], other.dialect);
      }
      assert.equal((await finishLogin(login, back, transaction)).identity.client, 'shop-web');
    });

    it(`R-033 takes a refresh token of ${dialect} nowhere else, and lets nobody else revoke it`, async () => {
      const login = loginAt(world, vendor);
      const mine = await signInAt(login);
      const token = mine.tokens.refreshToken?.reveal() ?? assert.fail('there is no refresh token');
      for (const other of othersOf(vendor)) {
        const response = await post(endpoint(other, 'token_endpoint'), { grant_type: 'refresh_token', refresh_token: token });
        assert.deepEqual([response.status >= 400, await errorOf(response)], [true, 'invalid_grant'], other.dialect);
        const revocation = endpoint(other, 'revocation_endpoint');
        if (revocation !== undefined) await post(revocation, { token });
      }
      assert.ok(await refreshLogin(login, mine));
    });

    it(`R-031 takes an access token of ${dialect} nowhere else: not at an API, not at userinfo, not where tokens are asked about`, async () => {
      const token = tokensOf(vendor).accessToken.reveal();
      for (const other of othersOf(vendor)) {
        await assert.rejects(guardAt(world, other)(bearing(token)), { code: 'token_invalid', status: 401 }, other.dialect);
        const userinfo = await fetch(endpoint(other, 'userinfo_endpoint') ?? '', { headers: { authorization: `Bearer ${token}` } });
        assert.equal(userinfo.status, 401, other.dialect);
        const introspection = endpoint(other, 'introspection_endpoint');
        if (introspection === undefined) continue;
        assert.deepEqual(await (await post(introspection, { token }, API_ID)).json(), { active: false }, other.dialect);
      }
      const own = endpoint(vendor, 'introspection_endpoint');
      if (own !== undefined) assert.equal(((await (await post(own, { token }, API_ID)).json()) as { active: boolean }).active, true);
    });

    it(`R-033 knows an application of ${dialect} nowhere else`, async () => {
      const login = loginAt(world, { ...vendor, client: `${dialect}-web` });
      assert.equal((await signInAt(login)).identity.client, `${dialect}-web`);
      for (const other of othersOf(vendor)) {
        const response = await post(
          endpoint(other, 'token_endpoint'),
          { grant_type: 'refresh_token', refresh_token: 'x' },
          `${dialect}-web`,
        );
        assert.deepEqual([response.status, await errorOf(response)], [401, 'invalid_client'], other.dialect);
        const { url } = await startLogin(loginAt(world, { ...other, client: `${dialect}-web` }));
        const page = await new Visitor().visit(url.href);
        assert.deepEqual([page.response.status, page.url.origin], [400, url.origin], other.dialect);
      }
    });

    it(`R-033 takes an assertion that a program signed for ${dialect} nowhere else`, async () => {
      const assertion = signedFor(vendor.provider(world).issuer);
      const ask = (at: Vendor) => {
        const proof = { client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer', client_assertion: assertion };
        const body = new URLSearchParams({ grant_type: 'client_credentials', client_id: 'key-robot', ...at.robot, ...proof });
        return fetch(endpoint(at, 'token_endpoint') ?? '', { method: 'POST', body });
      };
      for (const other of othersOf(vendor)) {
        const response = await ask(other);
        assert.deepEqual([response.status, await errorOf(response)], [401, 'invalid_client'], other.dialect);
      }
      assert.equal((await ask(vendor)).status, 200);
    });

    it(`RFC 9700 4.4: a sign-in that began at ${dialect} sends its code to nobody when another origin answers`, async () => {
      const login = loginAt(world, vendor);
      const { transaction } = await startLogin(login);
      for (const other of othersOf(vendor)) {
        const { url } = await startLogin(loginAt(world, other));
        const { url: back } = await new Visitor().visit(url.href);
        back.searchParams.set('state', transaction.state);
        await assert.rejects(finishLogin(login, back, transaction), { code: 'login_issuer_mismatch' }, other.dialect);
      }
    });

    it(`signs nobody in elsewhere who is signed in at ${dialect}, and signs nobody out there`, async () => {
      const visitor = new Visitor();
      const quietly = async (at: Vendor) => {
        const { url } = await startLogin(loginAt(world, at), { prompt: 'none' });
        const { url: back } = await visitor.visit(url.href);
        return back.searchParams.has('code') ? 'signed in' : back.searchParams.get('error');
      };
      await signInAt(loginAt(world, vendor), visitor);
      for (const other of othersOf(vendor)) assert.match((await quietly(other)) ?? '', /^(login|interaction)_required$/, other.dialect);
      for (const other of othersOf(vendor)) await signInAt(loginAt(world, other), visitor);
      assert.equal(await quietly(vendor), 'signed in');
    });
  }

  it('has keys of its own', async () => {
    const sets = await Promise.all(
      vendors.map(async (vendor) => {
        const { keys } = (await (await fetch(endpoint(vendor, 'jwks_uri') ?? '')).json()) as {
          readonly keys: readonly { readonly kid: string }[];
        };
        return keys.map(({ kid }) => kid);
      }),
    );
    assert.ok(sets.every((kids) => kids.length > 0));
    assert.equal(new Set(sets.flat()).size, sets.flat().length);
  });

  it('writes none of the secrets and tokens of these tests into its log', () => {
    const text = world.log.join('');
    const secrets = [
      SECRET,
      ...[...signedIn.values()].flatMap(({ tokens }) => [tokens.accessToken.reveal(), tokens.refreshToken?.reveal() ?? SECRET]),
    ];
    for (const secret of secrets) assert.ok(!text.includes(secret));
  });
});
