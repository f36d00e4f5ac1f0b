import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { readSettings } from '../config.ts';
import { demoWorld } from '../configuration/demo-world.ts';
import { dialectNames, mountable } from '../dialects/table.ts';
import { devLines } from './dev-table.ts';

const dataDirectory = mkdtempSync(join(tmpdir(), 'safeconduct-dev-table-'));
after(() => rmSync(dataDirectory, { recursive: true, force: true }));
const issuer = 'http://localhost:8090';
const rooted = dialectNames.find((name) => name !== 'standard' && !mountable(name)) ?? '';
const tenanted = dialectNames.find(mountable) ?? '';
const table = (configuration = demoWorld, trust: readonly string[] = []) => {
  const origins = [{ url: 'http://localhost:8080', dialect: rooted, [tenanted]: {} }];
  const settings = readSettings({ issuer, dataDirectory, origins }, {});
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
  });

  it('names the demo applications and people, with their demo secrets, and says that everybody knows them', () => {
    const text = table();
    for (const id of ['demo-web', 'demo-spa', 'demo-native', 'demo-service', 'demo-api', 'ada@demo.example', 'ben@demo.example'])
      assert.ok(text.includes(id), id);
    assert.match(text, /demo-web +web +secret: demo-web-secret-that-everybody-knows/);
    assert.match(text, /ada@demo\.example +password: a demo passphrase for everybody +reader, writer/);
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
    assert.match(text, new RegExp(`No application is served there yet: give one \`dialects: \\['${rooted}', '${tenanted}'\\]\``));
  });
});
