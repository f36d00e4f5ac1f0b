import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { readSettings } from '../config.ts';
import { demo } from '../configuration/define.ts';
import { demoWorld } from '../configuration/demo-world.ts';
import type { OriginDeclaration } from '../configuration/origins.ts';
import { dialectNames, dialectOf, mountable } from '../dialects/table.ts';
import { devLines, readyLine } from './dev-table.ts';

const dataDirectory = mkdtempSync(join(tmpdir(), 'safeconduct-dev-table-'));
after(() => rmSync(dataDirectory, { recursive: true, force: true }));
const issuer = 'http://localhost:8090';
const rooted = dialectNames.find((name) => name !== 'standard' && !mountable(name)) ?? '';
const tenanted = dialectNames.find(mountable) ?? '';
const placed = (origins: readonly OriginDeclaration[]) => readSettings({ issuer, dataDirectory, origins }, {});
const vendors = placed([{ url: 'http://localhost:8080', dialect: rooted, [tenanted]: {} }]);
const table = (configuration = demoWorld, trust: readonly string[] = [], settings = vendors) => {
  return devLines({ issuer, origins: settings.origins, configuration, trust }).join('\n');
};

describe('what dev prints', () => {
  it('names each origin with its dialects, issuers and discovery documents, and the issuer itself', () => {
    const text = table();
    assert.match(text, new RegExp(`^http://localhost:8080  speaks ${rooted}$`, 'm'));
    assert.match(text, new RegExp(`^http://localhost:8080  speaks ${tenanted}$`, 'm'));
    assert.match(text, /^ {4}discovery +http:\/\/localhost:8080\/\.well-known\/openid-configuration$/m);
    assert.match(text, /^ {2}Demo \(demo\)$/m);
    assert.match(text, /^ {4}tenant +[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/m);
    assert.match(text, /^http:\/\/localhost:8090 {2}is the issuer itself/m);
    assert.match(text, /^ {4}commands +SAFECONDUCT_ISSUER=http:\/\/localhost:8090 npx safeconduct/m);
  });

  it('tells where the issuer itself is, where no vendor is spoken', () => {
    const text = table(demoWorld, [], placed([]));
    assert.match(text, /^ {4}discovery +http:\/\/localhost:8090\/\.well-known\/openid-configuration$/m);
    assert.match(text, /clients of standard ask for it by resource=https:\/\/api\.demo\.example$/m);
    for (const id of ['demo-web', 'ada@demo.example']) assert.ok(text.includes(id), id);
  });

  it('ends with what clients are pointed at, before the issuer itself', () => {
    assert.equal(
      readyLine(vendors),
      `http://localhost:8080 (${rooted}, ${tenanted}) is ready; the issuer itself is http://localhost:8090.`,
    );
    assert.equal(readyLine(placed([])), 'http://localhost:8090 is ready.');
  });

  it('tells how a token for an API is asked for: its project, its scopes and what a client of each dialect writes', () => {
    const text = table();
    assert.match(text, /^ {4}project demo, scopes messages:read, messages:write, user_impersonation$/m);
    const api = { id: 'demo-api', resource: 'https://api.demo.example', project: 'demo', scopes: ['messages:read'] };
    for (const name of [rooted, tenanted]) {
      const asking = dialectOf(name)?.local?.asking(api);
      assert.ok(asking && text.includes(`clients of ${name} ask for it by ${asking}`), name);
    }
  });

  it('lists an API that applications get tokens for there, also where it may not ask about them itself', () => {
    const api = {
      id: 'orders',
      name: 'Orders',
      resource: 'https://o.example',
      scopes: {},
      secret: demo('one-demo-secret-for-an-api-of-orders'),
    };
    const application = { id: 'own', name: 'Own', kind: 'spa', dialects: [rooted], resources: [api.resource] } as const;
    const project = { id: 'p', organization: 'o', name: 'P', apis: [api, { ...api, id: 'other', resource: 'https://x.example' }] };
    const text = table({ projects: [{ ...project, applications: [application] }] });
    assert.match(text, /^ {2}orders +https:\/\/o\.example\n {4}project p, no scopes$/m);
    assert.doesNotMatch(text, /^ {2}other/m);
  });

  it('names the demo applications and people, with their demo secrets, and says that everybody knows them', () => {
    const text = table();
    for (const id of ['demo-web', 'demo-spa', 'demo-native', 'demo-service', 'demo-api', 'ada@demo.example', 'ben@demo.example'])
      assert.ok(text.includes(id), id);
    assert.match(text, /demo-web +web +secret: demo-web-secret-that-everybody-knows/);
    assert.match(text, /ada@demo\.example +password: a demo passphrase for everybody +roles: reader, writer/);
    assert.match(text, /everybody knows them/);
  });

  it('names guests, and where third parties are to send people back to', () => {
    const [ada] = demoWorld.users ?? [];
    assert.ok(ada);
    const users = [{ ...ada, guestOf: { beta: { demo: ['writer'] } } }];
    const connections = [{ id: 'calendar', organization: 'demo', name: 'Calendar', preset: 'google', clientId: 'x' } as const];
    const text = table({ ...demoWorld, users, connections });
    assert.match(text, /reader, writer; guest of beta: writer$/m);
    for (const url of [issuer, 'http://localhost:8080']) assert.ok(text.includes(`calendar  ${url}/connections/calendar/callback`), url);
  });

  it('says how to trust this machine where it speaks https', () => {
    assert.match(table(demoWorld, ['Node: NODE_EXTRA_CA_CERTS=ca.pem']), /^Node: NODE_EXTRA_CA_CERTS=ca\.pem$/m);
  });

  it('R-146 shows no secret that is none of a demo', () => {
    const secret = 'one-secret-one-secret-one-secret-one';
    const application = { id: 'own', name: 'Own', kind: 'web', secret, dialects: [rooted] } as const;
    const user = { id: 'usr_own', organization: 'o', email: 'own@o.example', password: 'nobody-knows-this-one' } as const;
    const projects = [{ id: 'p', organization: 'o', name: 'P', applications: [application] }];
    const text = table({ organizations: [{ id: 'o', name: 'O' }], projects, users: [user] });
    assert.match(text, /^ {2}own +web$/m);
    assert.doesNotMatch(text, /one-secret|nobody-knows|own@o\.example/);
  });

  it('says so when no application of the configuration file is served there', () => {
    const application = { id: 'own', name: 'Own', kind: 'spa' } as const;
    const text = table({ projects: [{ id: 'p', organization: 'o', name: 'P', applications: [application] }] });
    const told = new RegExp(`No application is served there yet: declare one with \`dialects: \\['${rooted}', '${tenanted}'\\]\``);
    assert.match(text, told);
    assert.match(table({}), told);
  });

  it('says so when the configuration declares nobody who can sign in', () => {
    const nobody = /declares nobody who can sign in.*`users`.*safeconduct people create/;
    assert.match(table({ users: [{ id: 'usr_a', organization: 'o', email: 'a@o.example' }] }), nobody);
    assert.doesNotMatch(
      table({ users: [{ id: 'usr_a', organization: 'o', email: 'a@o.example', password: 'nobody-knows-this-one' }] }),
      nobody,
    );
    const connection = { id: 'work', organization: 'o', name: 'Work', preset: 'google', clientId: 'x', signIn: true } as const;
    assert.doesNotMatch(table({ connections: [connection] }), nobody);
  });
});
