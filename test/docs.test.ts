/** Documentation is code: every `ts` fence compiles, every link leads somewhere, every error code has its heading. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { IssuerConfiguration } from '@safeconduct/issuer';
import { errorCodes } from 'safeconduct/identity';
import { checkConfiguration } from '../packages/issuer/src/configuration/schema.ts';

const root = join(import.meta.dirname, '..');
const scratch = join(root, '.fences');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const pages = globSync(['*.md', 'docs/**/*.md', 'decisions/*.md', 'packages/*/*.md', 'examples/*/*.md'], {
  cwd: root,
  exclude: ['**/node_modules/**'],
});
const tests = globSync(['packages/*/src/**/*.test.ts', 'examples/*/**/*.test.ts', 'test/**/*.test.ts'], {
  cwd: root,
  exclude: ['**/node_modules/**'],
});

/** The `ts` fences of a file, without the ` * ` margin of a doc comment. */
function fences(text: string): string[] {
  const plain = text.replace(/^[ \t]*\* ?/gm, '');
  return [...plain.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, code = '']) => code);
}

/** The commands of the workspace in this folder. */
function scriptsIn(folder: string): Record<string, string> {
  const file = join(folder, 'package.json');
  if (!existsSync(join(root, file))) return {};
  return (JSON.parse(read(file)) as { scripts?: Record<string, string> }).scripts ?? {};
}

/** What of this configuration nobody could start with: every finding, and organizations that it does not declare. */
function findings(configuration: IssuerConfiguration): string[] {
  const { organizations = [], projects = [], users = [], connections = [] } = configuration;
  const strange = [...projects, ...users, ...connections]
    .filter(({ organization }) => !organizations.some(({ id }) => id === organization))
    .map(({ id, organization }) => `${id}: there is no organization ${organization}`);
  try {
    checkConfiguration(configuration);
    return strange;
  } catch (error) {
    return [error instanceof Error ? error.message : String(error), ...strange];
  }
}

describe('documentation', () => {
  const examples: { readonly page: string; readonly code: string; readonly path: string }[] = [];
  before(() => {
    mkdirSync(scratch, { recursive: true });
    for (const page of [...pages, ...globSync('packages/*/src/**/*.ts', { cwd: root })])
      for (const code of fences(read(page))) examples.push({ page, code, path: join(scratch, `${examples.length}.ts`) });
    for (const { page, code, path } of examples) writeFileSync(path, `// from ${page}\n${code}export {};\n`);
  });
  after(() => rmSync(scratch, { recursive: true, force: true }));

  it('has only examples that compile', () => {
    const compilerOptions = { noUnusedLocals: false, noUnusedParameters: false };
    writeFileSync(join(scratch, 'tsconfig.json'), JSON.stringify({ extends: '../tsconfig.json', compilerOptions, include: ['*.ts'] }));
    assert.ok(examples.length > 5, `only ${examples.length} examples were found`);
    run('tsc', ['-p', scratch]);
  });

  it('has only configurations that an issuer takes, each for itself', async () => {
    const configurations = examples.filter(({ code }) => code.includes('export default defineConfig('));
    assert.ok(configurations.length > 5, `only ${configurations.length} configurations were found`);
    // What a page takes from the environment.
    process.env.CALENDAR_SECRET ??= 'any';
    const wrong = configurations.map(async ({ page, path }) => {
      const { default: configuration } = (await import(path)) as { readonly default: IssuerConfiguration };
      return findings(configuration).map((finding) => `${page}: ${finding}`);
    });
    assert.deepEqual((await Promise.all(wrong)).flat(), []);
  });

  it('describes every error code, and no other', () => {
    const headings = [...read('docs/errors.md').matchAll(/^## (\w+)$/gm)].map(([, code = '']) => code);
    assert.deepEqual(headings.toSorted(), errorCodes.toSorted());
  });

  it('has no link to a file that is not there', () => {
    const broken = pages.flatMap((page) =>
      [...read(page).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)[^)]*\)/g)]
        .map(([, to = '']) => `${page} -> ${to}`)
        .filter((link) => !existsSync(join(root, dirname(page), link.split(' -> ')[1] ?? ''))),
    );
    assert.deepEqual(broken, []);
  });

  it('names only commands that package.json has, the one beside it or that of the root', () => {
    const unknown = pages.flatMap((page) => {
      const known = { ...scriptsIn('.'), ...scriptsIn(dirname(page)) };
      const named = [...read(page).matchAll(/npm run ([\w:-]+)/g)].map(([, name = '']) => name);
      return named.filter((name) => !(name in known)).map((name) => `${page}: ${name}`);
    });
    assert.deepEqual(unknown, []);
  });

  it('lists every requirement with a test that names it', () => {
    const rows = [...read('docs/requirements.md').matchAll(/^\| ([RSB][\d.-]+) \|[^|]*\| (.+?) \|$/gm)];
    assert.ok(rows.length > 60, `only ${rows.length} requirements are listed`);
    const wrong = rows.flatMap(([, id = '', cell = '']) =>
      [...cell.matchAll(/`([^`]+)`/g)]
        .map(([, file = '']) => file)
        .filter((file) => !existsSync(join(root, file)) || !new RegExp(`${id.replaceAll('.', '\\.')}(?!\\d)`).test(read(file)))
        .map((file) => `${id}: ${file}`),
    );
    assert.deepEqual(wrong, []);
    const empty = rows.filter(([, , cell = '']) => !cell.includes('`')).map(([, id]) => id);
    assert.deepEqual(empty, [], 'requirements without a test');
  });

  it('has no test with an id that the list leaves out', () => {
    const listed = new Set([...read('docs/requirements.md').matchAll(/^\| ([RSB][\d.-]+) \|/gm)].map(([, id = '']) => id));
    const named = tests.flatMap((file) =>
      [...read(file).matchAll(/\b(?:it|test|describe)\(\s*['"`][^'"`]*?\b(R-\d{3}|[SB]\d\.\d+)/g)].map(([, id = '']) => id),
    );
    assert.deepEqual([...new Set(named)].filter((id) => !listed.has(id)).toSorted(), []);
  });
});

function run(command: string, options: readonly string[]): void {
  try {
    execFileSync(join(root, 'node_modules/.bin', command), options, { cwd: root, stdio: 'pipe', encoding: 'utf8' });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    assert.fail(`${command} ${options.join(' ')}\n${stdout}${stderr}`);
  }
}
