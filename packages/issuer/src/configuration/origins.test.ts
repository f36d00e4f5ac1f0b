import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { readSettings, SettingsError } from '../config.ts';
import { dialectNames, mountable } from '../dialects/table.ts';
import type { OriginDeclaration } from './origins.ts';

const dataDirectory = mkdtempSync(join(tmpdir(), 'safeconduct-origins-'));
after(() => rmSync(dataDirectory, { recursive: true, force: true }));

const rooted = dialectNames.find((name) => !mountable(name) && name !== 'standard') ?? '';
const tenanted = dialectNames.find(mountable) ?? '';
const development = (origins: unknown, issuer = 'http://localhost:8090') =>
  readSettings({ origins: origins as OriginDeclaration[], issuer, dataDirectory }, {}).origins;
const production = (origins: string) =>
  readSettings(
    { mode: 'production', issuer: 'https://login.example', host: '0.0.0.0', dataDirectory },
    {
      DATABASE_URL: 'postgres://db.example/issuer',
      SAFECONDUCT_MASTER_KEY: randomBytes(32).toString('base64'),
      SAFECONDUCT_ORIGINS: origins,
    },
  ).origins;

describe('origins', () => {
  it('are none unless somebody names some', () => assert.deepEqual(readSettings({ dataDirectory }, {}).origins, []));

  it('listen plainly on their own port of this computer with http', () => {
    const [origin] = development([{ url: 'http://localhost:8080/', dialect: rooted }]);
    const listens = { host: '127.0.0.1', port: 8080, tls: false };
    assert.deepEqual(origin, { url: 'http://localhost:8080', dialect: rooted, tenants: undefined, mounts: [], ...listens });
    assert.ok(Object.isFrozen(origin));
    assert.equal(development([{ url: 'http://[::1]:8081', dialect: rooted }])[0]?.host, '::1');
  });

  it('listen with a certificate of this machine on https in development, and behind a proxy when they name a port', () => {
    const [local, proxied, other] = development([
      { url: 'https://localhost:8443', dialect: rooted },
      { url: 'https://127.0.0.1:8444', dialect: rooted, port: 8081, host: '10.0.0.7' },
      { url: 'https://auth.example', dialect: rooted, port: 8082 },
    ]);
    assert.deepEqual([local?.tls, local?.port], [true, 8443]);
    assert.deepEqual([proxied?.tls, proxied?.port, proxied?.host], [false, 8081, '10.0.0.7']);
    assert.deepEqual([other?.tls, other?.port], [false, 8082]);
  });

  it('may have another dialect whose paths begin with a tenant, for some organizations or for all', () => {
    const [origin] = development([{ url: 'http://localhost:8080', dialect: rooted, [tenanted]: { tenants: ['acme'] } }]);
    assert.deepEqual(origin?.mounts, [{ dialect: tenanted, tenants: ['acme'] }]);
    const [root] = development([{ url: 'http://localhost:8080', dialect: tenanted, tenants: ['acme', 'beta'] }]);
    assert.deepEqual([root?.tenants, root?.mounts], [['acme', 'beta'], []]);
  });

  it('come from the environment as JSON', () => {
    const [origin] = production(JSON.stringify([{ url: 'https://auth.example', dialect: rooted, port: 8081, [tenanted]: {} }]));
    assert.deepEqual(
      [origin?.url, origin?.host, origin?.port, origin?.tls, origin?.mounts],
      ['https://auth.example', '0.0.0.0', 8081, false, [{ dialect: tenanted, tenants: undefined }]],
    );
  });

  const at = { url: 'http://localhost:8080', dialect: rooted };
  const refusals: readonly (readonly [what: string, origins: unknown, finding: RegExp])[] = [
    ['what is no list', {}, /origins must be a list of origins/],
    ['what is no origin', ['http://localhost:8080'], /origins\[0\] must be an origin such as \{ url, dialect \}/],
    ['an origin without a URL', [{ dialect: rooted }], /origins\[0\]\.url must be a URL/],
    ['a dialect that nobody speaks', [{ ...at, dialect: 'klingon' }], /origins\[0\]\.dialect must be one of standard, /],
    [
      'a path',
      [{ ...at, url: 'https://login.example/auth' }],
      /origins\[0\]\.url must be scheme, host and port alone: write https:\/\/login/,
    ],
    ['http beyond this computer', [{ ...at, url: 'http://auth.example' }], /origins\[0\]\.url must begin with https/],
    ['one URL twice', [at, { ...at, url: 'http://localhost:8080/' }], /origins name http:\/\/localhost:8080 twice/],
    ['the address of the issuer', [{ ...at, url: 'http://localhost:8090' }], /\.url is the issuer's own address/],
    ['two on one port', [at, { ...at, url: 'http://127.0.0.1:8080' }], /port 8080 is wanted twice/],
    ['the port of the issuer', [{ ...at, url: 'http://127.0.0.1:8090' }], /port 8090 is wanted twice/],
    ['https elsewhere without a port', [{ ...at, url: 'https://auth.example' }], /origins\[0\]\.port is missing: .* proxy that ends TLS/],
    ['a port that is none', [{ ...at, port: 65_536 }], /origins\[0\]\.port must be a port/],
    ['a misspelt member', [{ ...at, prot: 8081 }], /origins\[0\]\.prot is no member of an origin.*check the spelling/],
    [
      'a mount that needs an origin of its own',
      [{ ...at, dialect: tenanted, [rooted]: {} }],
      new RegExp(`give ${rooted} an origin of its own`),
    ],
    ['a mount of its own dialect', [{ ...at, dialect: tenanted, [tenanted]: {} }], /is the dialect of this origin already/],
    ['tenants of a dialect without any', [{ ...at, tenants: ['acme'] }], /origins\[0\]\.tenants must be left out/],
    ['a mount that is no object', [{ ...at, [tenanted]: true }], new RegExp(`origins\\[0\\]\\.${tenanted} must be an object`)],
    [
      'a misspelt member of a mount',
      [{ ...at, [tenanted]: { tenant: 'a' } }],
      new RegExp(`origins\\[0\\]\\.${tenanted} does not know tenant`),
    ],
    [
      'a mount for nobody',
      [{ ...at, [tenanted]: { tenants: [] } }],
      new RegExp(`origins\\[0\\]\\.${tenanted}\\.tenants must name an organ`),
    ],
  ];
  for (const [what, origins, finding] of refusals)
    it(`refuse ${what}`, () =>
      assert.throws(
        () => development(origins),
        (error: unknown) => error instanceof SettingsError && finding.test(error.message),
      ));

  it('R-144 refuse in production https of this computer without a proxy, http beyond it, and what is no JSON', () => {
    const refused = (origins: string, finding: RegExp) => assert.throws(() => production(origins), finding);
    refused(JSON.stringify([{ url: 'https://localhost:8443', dialect: rooted }]), /SAFECONDUCT_ORIGINS\[0\]\.port is missing/);
    refused(JSON.stringify([{ url: 'http://auth.example', dialect: rooted }]), /SAFECONDUCT_ORIGINS\[0\]\.url must begin with https/);
    refused(
      'https://auth.example',
      /SAFECONDUCT_ORIGINS: must be a JSON list such as \[\{"url":"https:\/\/auth\.example","dialect":"\w+","port":8081\}\]/,
    );
  });
});
