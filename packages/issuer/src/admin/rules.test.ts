/** Nobody gives a token or a program more than they have, and what is created is checked like the configuration file. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ADA, EVE } from '../provider/shop.fixtures.test.ts';
import { allScopes, type Caller, servant, signIn, type World } from './admin.fixtures.test.ts';
import { api, foreignApi, is, startTwoOrganizations } from './two-organizations.fixtures.test.ts';

let world: World;
let admin: Caller;
let home: Caller;
let end: () => Promise<void>;

before(async () => {
  ({ world, admin, home, end } = await startTwoOrganizations());
});
after(() => end());

describe('tokens and programs', () => {
  const create = (by: Caller, body: object) =>
    by('tokens.create', { body: { serviceUser: 'svc_acme', name: 'one', resources: [api], ...body } });

  it('R-141 gives a token no scope of the admin API that its creator’s own token lacks', async () => {
    const narrow = world.as(
      await servant(world, {
        id: 'svc_narrow',
        organization: 'acme',
        roles: ['issuer-admin'],
        scopes: ['tokens:write', 'users:read', 'credentials:write', 'users:write'],
      }),
    );
    is(
      await create(narrow, { resources: [world.audience], scopes: ['users:read', 'grants:write'] }),
      403,
      /does not have the scopes grants:write/,
    );
    assert.equal((await create(narrow, { resources: [world.audience], scopes: ['users:read'] })).status, 201);
    const wide = { organization: 'acme', id: 'svc_wide', name: 'Wide', resources: [world.audience], scopes: ['grants:write'] };
    is(await narrow('service-users.create', { body: wide }), 403, /does not have the scopes grants:write/);
    await world.did('service-users.create', { body: wide });
    is(await narrow('secrets.add', { params: { client: 'svc_wide' }, body: {} }), 403, /does not have the scopes grants:write/);
  });

  it('R-141 is for APIs of the creator’s own organization, with scopes that they know, and ends', async () => {
    const { status, json } = await create(home, { scopes: ['read'] });
    assert.equal(status, 201);
    assert.match(json.token, /^sc_pat_[0-9A-Za-z]{46}$/);
    assert.equal(Math.round((Date.parse(json.expiresAt) - Date.now()) / 86_400_000), 90);
    is(await create(home, { resources: [foreignApi] }), 400, /no API has the resource https:\/\/api.beta.example/);
    is(await create(home, { scopes: ['write'] }), 400, /knows the scope write/);
    is(await create(home, { expiresAt: '2030-01-01T00:00:00Z' }), 400, /at most 366 days/);
    is(await create(home, { serviceUser: 'svc_beta' }), 404, /no service user svc_beta/);
    assert.equal((await create(admin, { resources: [foreignApi] })).status, 201);
  });

  it('R-140 lets nobody take an address of the issuer itself for an API, such as that of its proxy', async () => {
    const resource = `${new URL(world.audience).origin}/proxy/calendar`;
    const body = { project: 'acme-project', id: 'proxy-api', name: 'Proxy', resource };
    is(await admin('apis.create', { body }), 409, /is the issuer's own/);
    is(await home('apis.create', { body }), 409, /is the issuer's own/);
  });

  it('R-141 lets nobody make a token for what only programs may do, nor by way of another API', async () => {
    const resources = ['https://api.own.example', 'https://api.both.example'];
    for (const [at, resource] of resources.entries()) {
      const scopes = { 'pay:out': 'Pay', look: 'Look' };
      await world.did('apis.create', { body: { project: 'acme-project', id: `pay-${at}`, name: 'Pay', resource, scopes } });
    }
    const app = { project: 'acme-project', name: 'App', resources: [resources[0]] };
    const program = { ...app, id: 'payer', kind: 'web', grantTypes: ['client_credentials'], scopes: ['pay:out'] };
    await world.did('applications.create', { body: program });
    const ada = world.as(await signIn(world, ADA));
    const create = (body: object) => ada('me.tokens.create', { body: { name: 'no', ...body } });
    is(await create({ resources: [resources[0]], scopes: ['pay:out'] }), 400, /no application lets people sign in for https/);
    const signsIn = { kind: 'native', redirectUris: ['http://127.0.0.1/cb'] };
    await world.did('applications.create', { body: { ...app, ...signsIn, id: 'looker', scopes: ['look'] } });
    is(await create({ resources: [resources[0]], scopes: ['pay:out'] }), 400, /sign in for pay:out at https:\/\/api.own/);
    const second = { ...signsIn, resources: [resources[1]], id: 'paying', scopes: ['pay:out'] };
    await world.did('applications.create', { body: { ...app, ...second } });
    is(await create({ resources, scopes: ['pay:out'] }), 400, /sign in for pay:out at https:\/\/api.own/);
    assert.equal((await create({ resources: [resources[1]], scopes: ['pay:out'] })).status, 201);
  });

  it('R-142 can remove every key that it took, and takes none that no path can name', async () => {
    const publicKey = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' };
    await world.did('service-users.create', { body: { organization: 'acme', id: 'svc_keys', name: 'Keys' } });
    const add = (kid: unknown) => home('client-keys.add', { params: { client: 'svc_keys' }, body: { publicKey: { ...publicKey, kid } } });
    for (const kid of ['-begins_oddly', 'urn:key:1', `a${'~'.repeat(199)}`, '2026=+@']) {
      assert.equal((await add(kid)).status, 201, kid);
      assert.equal((await home('service-users.show', { params: { serviceUser: 'svc_keys' } })).json.authMethod, 'private_key_jwt');
      assert.equal((await home('client-keys.remove', { params: { client: 'svc_keys', key: kid } })).status, 204, kid);
    }
    for (const kid of ['.', '..', 'https://keys.example/1', 'a%2f', 'a b', '', 7])
      is(await add(kid), 400, /publicKey\.kid must be 1 to 200/);
    assert.equal((await home('service-users.show', { params: { serviceUser: 'svc_keys' } })).json.authMethod, 'client_secret_basic');
  });

  it('R-141 lets people make their own, as wide as they could sign in for, and no token make another', async () => {
    const ada = world.as(await signIn(world, ADA));
    const shop = 'https://api.example.test';
    const made = await ada('me.tokens.create', {
      body: { name: 'mine', resources: [shop, world.audience], scopes: ['orders:read', 'me:write'] },
    });
    assert.equal(made.status, 201, made.json.error_description);
    is(
      await ada('me.tokens.create', { body: { name: 'no', resources: [api], scopes: ['read'] } }),
      400,
      /no application lets people sign in for/,
    );
    is(await ada('me.tokens.create', { body: { name: 'no', resources: [shop], scopes: ['else:read'] } }), 400, /else:read/);
    is(await world.as(made.json.token)('me.tokens.create', { body: { name: 'no', resources: [shop] } }), 403, /sign in for it/);
    is(await admin('me.tokens.create', { body: { name: 'no', resources: [shop] } }), 403, /only people/);
    const eve = world.as(await signIn(world, EVE));
    is(await eve('me.tokens.revoke', { params: { token: made.json.id } }), 404, /no token/);
    assert.equal((await eve('me.tokens.list')).json.items.length, 0);
    assert.equal((await ada('me.tokens.revoke', { params: { token: made.json.id } })).status, 204);
    is(await world.as(made.json.token)('me'), 401, /not valid/);
  });

  it('checks an application as the configuration file does, with every finding', async () => {
    const bad = {
      project: 'acme-project',
      name: 'Bad',
      kind: 'spa',
      redirectUris: ['http://evil.example/*'],
      authMethod: 'client_secret_basic',
      pkceRequired: false,
    };
    const { status, json } = await home('applications.create', { body: bad });
    assert.equal(status, 400);
    assert.equal(json.problems.length, 3, json.problems.join('\n'));
    is(
      await home('apis.create', { body: { project: 'acme-project', name: 'Bad', resource: 'http://evil.example' } }),
      400,
      /resource must begin with https/,
    );
    is(await home('applications.create', { body: { project: 'acme-project', id: 'usr_x', name: 'Bad', kind: 'native' } }), 400, /usr_/);
    is(
      await home('apis.create', { body: { project: 'acme-project', name: 'Twin', resource: foreignApi } }),
      409,
      /another API’s|another API's/,
    );
  });

  it('lets an organization-admin reach nobody else’s people without asking them', async () => {
    const app = { project: 'acme-project', name: 'App', kind: 'native', redirectUris: ['http://127.0.0.1/cb'] };
    is(await home('applications.create', { body: { ...app, firstParty: true } }), 403, /first-party/);
    is(await home('applications.create', { body: { ...app, resources: [world.audience] } }), 403, /admin API/);
    is(await home('applications.create', { body: { ...app, resources: [foreignApi] } }), 400, /no API has the resource/);
    is(await home('applications.create', { body: { ...app, scopes: ['openid', 'else'] } }), 400, /knows the scope else/);
    assert.equal((await home('applications.create', { body: { ...app, resources: [api], scopes: ['openid', 'read'] } })).status, 201);
  });

  it('changes of an application what is named, and nothing else of it', async () => {
    const publicKey = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' };
    const app = {
      project: 'acme-project',
      id: 'signer',
      name: 'Signer',
      kind: 'web',
      authMethod: 'private_key_jwt',
      publicKeys: [publicKey],
      resources: [api],
      defaultResource: api,
    };
    const made = await home('applications.create', { body: app });
    assert.deepEqual([made.status, made.json.secret, made.json.defaultResource], [201, undefined, api]);
    const params = { application: 'signer' };
    const { json } = await home('applications.change', { params, body: { redirectUris: ['https://acme.example/cb'] } });
    const { secret: _none, ...before } = made.json;
    assert.deepEqual(json, { ...before, redirectUris: ['https://acme.example/cb'] });
    assert.equal((await home('client-keys.list', { params: { client: 'signer' } })).json.items.length, 1);
    assert.equal((await home('applications.change', { params, body: { resources: [], scopes: ['openid'] } })).json.defaultResource, null);
    await world.did('applications.change', { params, body: { firstParty: true } });
    is(await home('applications.change', { params, body: { redirectUris: ['https://evil.example/'] } }), 403, /first-party/);
  });

  it('creates the same thing twice without harm, and says when it would be another one', async () => {
    const same = { organization: 'acme', id: 'usr_twice', email: 'twice@acme.example', name: 'Twice' };
    assert.equal((await home('people.create', { body: same })).status, 201);
    assert.equal((await home('people.create', { body: same })).status, 201);
    is(await home('people.create', { body: { ...same, name: 'Once' } }), 409, /usr_twice is there already/);
    is(await home('people.create', { body: { ...same, id: 'usr_other' } }), 409, /e-mail/);
    is(await home('people.create', { body: { organization: 'acme', id: 'usr_ada', email: 'x@acme.example' } }), 409, /taken/);
    is(await home('service-users.create', { body: { organization: 'acme', id: 'svc_beta', name: 'Mine' } }), 409, /taken/);
    is(await home('projects.create', { body: { organization: 'acme', id: 'beta-project', name: 'Mine' } }), 409, /taken/);
    is(await home('applications.create', { body: { project: 'acme-project', id: 'beta-api', name: 'Mine', kind: 'web' } }), 409, /taken/);
    is(await admin('organizations.create', { body: { id: 'acme', name: 'Other' } }), 409, /there already/);
  });

  it('R-140 gives an id to one of two who choose it at once, whatever they make', async () => {
    const bodies = [
      { organization: 'acme', id: 'racer', email: 'racer@acme.example' },
      { organization: 'beta', id: 'racer', email: 'racer@beta.example' },
    ];
    const people = bodies.map((body) => admin('people.create', { body }));
    const program = admin('service-users.create', { body: { organization: 'acme', id: 'racer', name: 'Racer' } });
    const statuses = (await Promise.all([...people, program])).map(({ status }) => status);
    assert.deepEqual(statuses.toSorted(), [201, 409, 409]);
  });

  it('R-060 ADM-16 ends everything of a person who is disabled, in the same step', async () => {
    const user = { email: 'leaver@shop.example', password: 'eleven elks left early' };
    await world.did('people.create', { body: { organization: 'shop-org', id: 'usr_leaver', ...user } });
    const token = await signIn(world, user);
    const leaver = world.as(token);
    const pat = world.as(
      (await leaver('me.tokens.create', { body: { name: 'pat', resources: [world.audience], scopes: ['me:read'] } })).json.token,
    );
    assert.equal((await pat('me')).status, 200);
    await world.did('people.disable', { params: { person: 'usr_leaver' } });
    assert.deepEqual([(await leaver('me')).status, (await pat('me')).status], [401, 401]);
    await world.did('people.enable', { params: { person: 'usr_leaver' } });
    assert.deepEqual([(await leaver('me')).status, (await pat('me')).status], [401, 401]);
    assert.equal((await world.as(await signIn(world, user))('me')).status, 200);
  });

  it('ends the sign-ins of a person whose password is set', async () => {
    const token = await signIn(world, EVE);
    assert.equal((await world.as(token)('me')).status, 200);
    await world.did('people.set-password', { params: { person: EVE.id }, body: { password: 'twelve toads told tales' } });
    assert.equal((await world.as(token)('me')).status, 401);
  });
});

describe('the audit log of the admin API', () => {
  it('R-145 shows an organization what its people do with their own', async () => {
    const name = { email: 'self@acme.example', password: 'fourteen foxes found food' };
    await world.did('people.create', { body: { organization: 'acme', id: 'usr_self', ...name } });
    const self = world.as(await signIn(world, name));
    const { json } = await self('me.tokens.create', { body: { name: 'mine', resources: [world.audience], scopes: ['me:read'] } });
    await self('me.tokens.revoke', { params: { token: json.id } });
    const { items } = (await home('events.list', { query: { actor: 'usr_self' } })).json;
    const types = items.map(({ type, organization }: { type: string; organization: string }) => [type, organization]);
    assert.deepEqual(types.slice(0, 2), [
      ['token.revoked', 'acme'],
      ['token.created', 'acme'],
    ]);
  });

  it('R-145 ADM-15 tells who did what to whom through what, for each change, and holds no secret', async () => {
    const password = 'thirteen thin thistles';
    const { token, id } = await world.did('tokens.create', { body: { serviceUser: 'svc_acme', name: 'audited', resources: [api] } });
    await world.did('people.create', { body: { organization: 'acme', id: 'usr_audited', email: 'audited@acme.example', password } });
    const { secret } = await world.did('secrets.add', { params: { client: 'svc_acme' }, body: {} });
    const grant = { user: 'svc_acme', project: 'acme-project', role: 'reader' };
    await world.did('grants.give', { body: grant });
    await world.did('grants.take', { params: grant });
    const { items } = await world.did('events.list', { query: { limit: '200' } });
    const text = JSON.stringify(items);
    for (const value of [token, password, secret, world.administrator.token]) assert.ok(!text.includes(value));
    assert.doesNotMatch(text, /sc_(pat|sk)_\w{20}/);
    const created = items.find(
      ({ type, details }: { type: string; details: { token?: string } }) => type === 'token.created' && details.token === id,
    );
    assert.deepEqual(
      [created.actor, created.target, created.organization, created.outcome, created.ipPrefix],
      [world.administrator.id, 'svc_acme', 'acme', 'ok', '127.0.0.0/24'],
    );
    assert.match(created.requestId, /^[0-9a-f-]{36}$/);
    const types = new Set(items.map(({ type }: { type: string }) => type));
    for (const type of ['user.created', 'secret.added', 'grant.given', 'grant.taken', 'password.set']) assert.ok(types.has(type), type);
  });

  it('R-145 shows an organization-admin the events of its own organization, and nothing that was refused is one', async () => {
    const { json } = await home('events.list', { query: { limit: '200' } });
    assert.deepEqual([...new Set(json.items.map(({ organization }: { organization: string }) => organization))], ['acme']);
    const before = json.items.length;
    is(await home('grants.give', { body: { user: 'svc_acme', project: 'safeconduct', role: 'auditor' } }), 403, /only an issuer-admin/);
    assert.equal((await home('events.list', { query: { limit: '200' } })).json.items.length, before);
  });

  it('R-146 writes no token, secret or password to the log', () => {
    const text = world.log.join('');
    assert.doesNotMatch(text, /sc_(pat|sk|rt|at)_\w{20}|eyJ[\w-]{10}|toads|thistles/);
    assert.ok(text.includes('"route":"/admin/v1/people/:person/password"'));
    assert.ok(allScopes.length > 10);
  });
});
