import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dialectNames } from '../dialects/table.ts';
import type { IssuerConfiguration } from './define.ts';
import { demoWorld } from './demo-world.ts';
import { leniencies } from './leniencies.ts';
import { ConfigurationError, checkConfiguration } from './schema.ts';

const vendor = dialectNames.find((name) => name !== 'standard') ?? '';
const secret = 'one-secret-one-secret-one-secret-one';
const project = { id: 'p', organization: 'o', name: 'P', roles: { reader: 'Reads' } };
const withApp = (more: object) => ({ projects: [{ ...project, applications: [{ id: 'a', name: 'A', kind: 'web', secret, ...more }] }] });
const api = { id: 'x', name: 'X', resource: 'https://api.example', scopes: {} };
const withApi = (more: object) => ({ projects: [{ ...project, apis: [{ ...api, ...more }] }] });
const ada = { id: 'usr_ada', organization: 'o' };
const withUser = (more: object) => ({ projects: [project], users: [{ ...ada, ...more }] });
const withDomain = (domain: string) => ({ organizations: [{ id: 'o', name: 'O', domain }] });

describe('what a configuration says for dialects', () => {
  const taken: readonly (readonly [what: string, value: unknown])[] = [
    ['applications of every dialect that refuse all that one may refuse', withApp({ dialects: dialectNames, refuses: leniencies })],
    ['an API of another dialect and another form of token', withApi({ dialects: [vendor], tokenVersion: 1 })],
    ['an API whose resource is api://…', withApi({ resource: 'api://x' })],
    [
      'an API that calls another one',
      { projects: [{ ...project, apis: [api, { ...api, id: 'y', resource: 'api://y', resources: [api.resource], secret }] }] },
    ],
    ['client ids with an @', withApp({ id: '197@shop' })],
    ['an organization with a domain', withDomain('acme.example')],
    ['a guest with roles', withUser({ guestOf: { host: { p: ['reader'] } } })],
    [
      'further claims, metadata and subjects',
      withUser({ claims: { address: { country: 'NO' } }, metadata: { team: 'x' }, subjects: { [vendor]: '12' } }),
    ],
    ['metadata of a service', withApp({ kind: 'service', metadata: { team: 'x' } })],
    ['an assertion for a program that proves itself', withApp({ grantTypes: ['urn:ietf:params:oauth:grant-type:jwt-bearer'] })],
    ['a terminal program on any port of localhost', withApp({ kind: 'native', secret: undefined, redirectUris: ['http://localhost/cb'] })],
    ['origins', { origins: [{ url: 'http://localhost:8081', dialect: vendor }] }],
    ['the demo world', demoWorld],
  ];
  for (const [what, value] of taken) it(`takes ${what}`, () => assert.doesNotThrow(() => checkConfiguration(value)));

  const claims = (one: object) => withUser({ claims: one });
  const refused: readonly (readonly [what: string, value: unknown, finding: RegExp])[] = [
    ['a dialect that nobody speaks', withApp({ dialects: ['klingon'] }), /applications\[0\]\.dialects\[0\] must be one of standard, /],
    ['no dialect at all', withApp({ dialects: [] }), /dialects must name a dialect/],
    ['a dialect twice', withApp({ dialects: [vendor, vendor] }), /must name each dialect once/],
    ['an API of a dialect that nobody speaks', withApi({ dialects: ['klingon'] }), /apis\[0\]\.dialects\[0\] must be one of/],
    ['a third form of token', withApi({ tokenVersion: 3 }), /tokenVersion must be 1 or 2/],
    ['a resource that is neither', withApi({ resource: 'ftp://x' }), /must begin with https:\/\/ or api:\/\//],
    ['an API that calls one that is not there', withApi({ resources: ['api://y'], secret }), /API x: no API has the resource api:\/\/y/],
    ['an API that calls another one and proves nothing', withApi({ resources: ['api://y'] }), /give it a secret or keys/],
    ['what is no leniency', withApp({ refuses: ['everything'] }), /refuses\[0\] must be one of secret_in_address, /],
    [
      'an assertion of a program that cannot prove itself',
      withApp({ kind: 'native', secret: undefined, grantTypes: ['urn:ietf:params:oauth:grant-type:jwt-bearer'] }),
      /prove themselves/,
    ],
    ['metadata of what is no service', withApp({ metadata: { a: 'b' } }), /metadata must be left out/],
    ['a client id that begins with an @', withApp({ id: '@shop' }), /must be 1 to 100 letters/],
    ['a domain with a path', withDomain('acme.example/x'), /organizations\[0\]\.domain must be a domain in lower case/],
    ['a domain in capitals', withDomain('ACME.example'), /lower case/],
    ['an address for a domain', withDomain('10.0.0.1'), /not an address/],
    [
      'one domain twice',
      {
        organizations: [
          { id: 'o', name: 'O', domain: 'a.example' },
          { id: 'q', name: 'Q', domain: 'a.example' },
        ],
      },
      /the domain a\.example is used twice/,
    ],
    ['a guest with a role that nobody declared', withUser({ guestOf: { host: { p: ['boss'] } } }), /project p has no role boss/],
    [
      'a guest in a project that nobody declared',
      withUser({ guestOf: { host: { safeconduct: ['issuer-admin'] } } }),
      /there is no project safeconduct/,
    ],
    ['a guest at home', withUser({ guestOf: { o: { p: ['reader'] } } }), /nobody is a guest of the own organization/],
    ['a claim that is none', claims({ shoe_size: 42 }), /users\[0\]\.claims does not know shoe_size/],
    ['a picture that is no web page', claims({ picture: 'javascript:alert(1)' }), /claims\.picture must be a URL that begins with https/],
    ['a day that is none', claims({ birthdate: '31.12.1999' }), /claims\.birthdate must be a day such as/],
    [
      'too much metadata',
      withUser({ metadata: Object.fromEntries(Array.from({ length: 51 }, (_, at) => [`k${at}`, ''])) }),
      /at most 50 keys/,
    ],
    ['metadata that is no text', withUser({ metadata: { a: 1 } }), /metadata\.a must be a text/],
    ['a subject of a dialect that nobody speaks', withUser({ subjects: { klingon: 'x' } }), /subjects\.klingon is no dialect/],
    ['another `sub` at the issuer itself', withUser({ subjects: { standard: 'x' } }), /subjects\.standard must be left out/],
    ['a subject with spaces', withUser({ subjects: { [vendor]: 'a b' } }), /printable ASCII/],
    [
      'R-031 one subject of two people',
      {
        users: [
          { ...ada, subjects: { [vendor]: '12' } },
          { id: 'usr_ben', organization: 'o', subjects: { [vendor]: '12' } },
        ],
      },
      /the subject 12 of \w+ is used twice/,
    ],
    [
      'an origin of a dialect that nobody speaks',
      { origins: [{ url: 'http://localhost:8081', dialect: 'klingon' }] },
      /origins\[0\]\.dialect must be one of/,
    ],
  ];
  for (const [what, value, finding] of refused)
    it(`refuses ${what}`, () =>
      assert.throws(
        () => checkConfiguration(value),
        (error: unknown) => error instanceof ConfigurationError && finding.test(error.message),
      ));

  it('lets the demo world be served by every dialect, with secrets that production refuses', () => {
    const { projects = [] }: IssuerConfiguration = demoWorld;
    const programs = projects.flatMap(({ apis = [], applications = [] }) => [...apis, ...applications]);
    assert.ok(programs.length >= 5);
    for (const { dialects } of programs) assert.deepEqual(dialects, dialectNames);
  });
});
