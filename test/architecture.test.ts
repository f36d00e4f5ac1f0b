/** The folder tree is the architecture, and this test is its rulebook. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, it } from 'node:test';

/** Area of the library -> the areas it may import. Read from top to bottom, this is how identity flows. */
const library: Record<string, readonly string[]> = {
  'core/identity': [],
  'core/providers': ['core/identity'],
  'core/protocol': ['core/identity', 'core/providers'],
  'steps/login': ['core/identity', 'core/protocol', 'core/providers'],
  'steps/protect': ['core/identity', 'core/protocol', 'core/providers'],
  'steps/query': ['core/identity'],
  'steps/reach': ['core/identity', 'core/protocol', 'core/providers'],
  'edges/cli': ['core/identity', 'core/protocol', 'core/providers', 'steps/login'],
  'edges/http': ['core/identity', 'steps/protect'],
  'edges/openapi': ['core/identity', 'core/protocol', 'core/providers'],
};

/** Area of the issuer -> the areas it may import. Files beside `index.ts` are the composition root. */
const issuer: Record<string, readonly string[]> = {
  store: [],
  secrets: ['store'],
  pages: [],
  dialects: [],
  orgs: ['store', 'secrets', 'dialects'],
  people: ['store', 'secrets', 'orgs'],
  connections: ['store', 'secrets', 'people', 'orgs'],
  configuration: ['store', 'secrets', 'people', 'orgs', 'connections', 'dialects'],
  provider: ['store', 'secrets', 'people', 'orgs', 'dialects', 'connections'],
  proxy: ['store', 'secrets', 'orgs', 'connections', 'provider'],
  flows: ['store', 'secrets', 'people', 'orgs', 'provider', 'pages', 'dialects', 'connections'],
  admin: ['store', 'secrets', 'people', 'orgs', 'configuration', 'provider', 'connections'],
  me: ['store', 'secrets', 'people', 'orgs', 'connections', 'provider'],
  // Over HTTP only: of the admin API it knows the table of routes, which is data.
  command: ['admin/routes'],
  ops: ['store', 'secrets', 'people', 'orgs', 'configuration', 'provider', 'flows', 'dialects', 'admin', 'connections', 'proxy'],
};

const root = join(import.meta.dirname, '..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const sources = globSync(['packages/*/src/**/*.ts', 'examples/*/**/*.ts', 'bench/src/**/*.ts', 'test/**/*.ts'], {
  cwd: root,
  exclude: ['**/node_modules/**'],
});
const product = sources.filter((file) => !file.endsWith('.test.ts') && !file.startsWith('test/'));

interface Import {
  readonly file: string;
  readonly to: string;
}
const specifiers = (file: string): string[] => [...read(file).matchAll(/\b(?:from|import)\s*\(?\s*'([^']+)'/g)].map(([, to = '']) => to);
const relativeImports: Import[] = product.flatMap((file) =>
  specifiers(file)
    .filter((to) => to.startsWith('.'))
    .map((to) => ({ file, to: relative(root, join(root, dirname(file), to)) })),
);

const LIBRARY = 'packages/safeconduct/src/';
const ISSUER = 'packages/issuer/src/';
const within = (base: string, file: string): string | undefined => (file.startsWith(base) ? file.slice(base.length) : undefined);
const isFace = (file: string): boolean => within(LIBRARY, file)?.includes('/') === false;
const show = ({ file, to }: Import): string => `${file} imports ${to}`;

/** The area of a file: its first `depth` folders, or undefined when it lies above them. */
function areaOf(base: string, file: string, depth: number): string | undefined {
  const parts = within(base, file)?.split('/');
  return parts && parts.length > depth ? parts.slice(0, depth).join('/') : undefined;
}

function forbidden(base: string, table: Record<string, readonly string[]>, depth: number): string[] {
  return relativeImports
    .filter(({ file, to }) => {
      const from = areaOf(base, file, depth);
      const target = areaOf(base, to, depth);
      const allowed = (name: string) => within(base, to)?.startsWith(`${name}/`) === true;
      return from !== undefined && target !== undefined && from !== target && !table[from]?.some(allowed);
    })
    .map(show);
}

describe('architecture', () => {
  it('lets an area of the library import only what the table allows', () => {
    assert.deepEqual(forbidden(LIBRARY, library, 2), []);
  });

  it('lets an area of the issuer import only what the table allows', () => {
    assert.deepEqual(forbidden(ISSUER, issuer, 1), []);
  });

  it('knows every area', () => {
    const areas = (base: string, depth: number) =>
      new Set(product.map((file) => areaOf(base, file, depth)).filter((area) => area !== undefined));
    assert.deepEqual(
      [...areas(LIBRARY, 2)].filter((area) => !(area in library)),
      [],
    );
    assert.deepEqual(
      [...areas(ISSUER, 1)].filter((area) => !(area in issuer)),
      [],
    );
  });

  it('imports the file that owns a thing, never a face of its own package', () => {
    const inside = relativeImports.filter(({ file, to }) => within(LIBRARY, file)?.includes('/') && isFace(to));
    assert.deepEqual(inside.map(show), []);
  });

  it('has only re-exports in a face', () => {
    const faces = product.filter(isFace);
    assert.ok(faces.length >= 7);
    assert.deepEqual(
      faces.filter((file) => /^(?!export (type )?\{|\s|\/?\*|\}|$)/m.test(read(file))),
      [],
    );
  });

  it('keeps the library free of the issuer, and both free of the examples', () => {
    const outward = product.flatMap((file) => specifiers(file).map((to) => ({ file, to })));
    assert.deepEqual(outward.filter(({ file, to }) => file.startsWith(LIBRARY) && /^@safeconduct\//.test(to)).map(show), []);
    assert.deepEqual(
      relativeImports.filter(({ file, to }) => file.split('/')[1] !== to.split('/')[1] && !to.startsWith('..')).map(show),
      [],
    );
  });

  it('lets only a face of a package be imported from outside', () => {
    const deep = sources
      .flatMap((file) => specifiers(file).map((to) => ({ file, to })))
      .filter(({ to }) => /^(safeconduct\/.+\/|@safeconduct\/issuer\/)/.test(to));
    assert.deepEqual(deep.map(show), []);
  });

  it('reads the environment in the configuration of the issuer and in examples only', () => {
    const readers = product.filter((file) => file.startsWith('packages/') && /process\.env/.test(read(file)));
    assert.deepEqual(readers, ['packages/issuer/src/config.ts']);
  });

  it('has no import circle', () => {
    assert.deepEqual(circles(), []);
  });

  it('names a dialect nowhere in the issuer but in its own file and the table', () => {
    const names = globSync('*.ts', { cwd: join(root, ISSUER, 'dialects') })
      .map((file) => file.replace('.ts', ''))
      .filter((name) => !name.includes('.') && !['dialect', 'facts', 'table', 'standard'].includes(name));
    assert.deepEqual(names.sort(), ['auth0', 'entra', 'keycloak', 'zitadel']);
    const named = new RegExp(`['"\`/](?:${names.join('|')})(?:['"\`/]|\\.ts)`);
    const outside = product.filter((file) => file.startsWith(ISSUER) && !file.startsWith(`${ISSUER}dialects/`));
    const ofVendors = (line: string) => /^\s*(?:\/\/|\*|\/\*)/.test(line) || /https?:\/\/|urn:auth0:/.test(line);
    const found = outside.flatMap((file) =>
      read(file)
        .split('\n')
        .filter((line) => named.test(line) && !ofVendors(line))
        .map((line) => `${file}: ${line.trim()}`),
    );
    assert.deepEqual(found, []);
  });

  it('keeps every file under 300 lines', () => {
    const long = sources.map((file) => ({ file, lines: read(file).split('\n').length - 1 })).filter(({ lines }) => lines > 300);
    assert.deepEqual(long, []);
  });

  it('has no default export but in a configuration file', () => {
    assert.deepEqual(
      product.filter((file) => /^export default/m.test(read(file))).filter((file) => !file.endsWith('.config.ts')),
      [],
    );
  });

  it('leaves no TODO', () => {
    assert.deepEqual(
      product.filter((file) => /\b(TODO|FIXME|XXX)\b/.test(read(file))),
      [],
    );
  });
});

/** Circles of run-time imports; a type-only import vanishes. */
function circles(): string[] {
  const graph = new Map<string, string[]>();
  for (const file of product) {
    const runtime = read(file)
      .replace(/^import type [\s\S]*?;$/gm, '')
      .replace(/^export type [\s\S]*?;$/gm, '');
    const targets = [...runtime.matchAll(/\bfrom\s+'(\.[^']+)'/g)].map(([, to = '']) => relative(root, join(root, dirname(file), to)));
    graph.set(file, targets);
  }
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) found.push([...path.slice(path.indexOf(file)), file].join(' -> '));
    else if (!done.has(file)) {
      for (const to of graph.get(file) ?? []) visit(to, [...path, file]);
      done.add(file);
    }
  };
  for (const file of graph.keys()) visit(file, []);
  return found;
}
