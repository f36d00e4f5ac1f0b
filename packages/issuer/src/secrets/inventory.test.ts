import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { derivedKeys, givenSecrets, storedSecrets } from './inventory.ts';

const source = join(import.meta.dirname, '..');
const program = globSync('**/*.ts', { cwd: source, exclude: ['**/*.test.ts', 'secrets/inventory.ts'] }).map((file) =>
  readFileSync(join(source, file), 'utf8'),
);
const text = program.join('\n');
const found = (pattern: RegExp, where: string): string[] =>
  [...new Set([...where.matchAll(pattern)].map(([, name = '']) => name))].toSorted();

describe('the inventory of secrets', () => {
  it('has every key that is derived, and no other', () => {
    assert.deepEqual(found(/\bderiveKey\([^)]*?, '([\w-]+)'\)/g, text), Object.keys(derivedKeys).toSorted());
  });

  it('has every secret that is given, and no other', () => {
    assert.deepEqual(found(/\breader\.secret\('(\w+)'\)/g, text), Object.keys(givenSecrets).toSorted());
  });

  it('has every table that keeps a hash or a sealed value', () => {
    const sql = globSync('store/sql/*.sql', { cwd: source })
      .map((file) => readFileSync(join(source, file), 'utf8'))
      .join('\n');
    const tables = [...sql.matchAll(/create table issuer\.(\w+) \(([\s\S]*?)\n\);/g)];
    const secret = tables.filter(
      ([, name = '', columns = '']) =>
        name !== 'event_chain' &&
        name !== 'migration' &&
        /^\s+(hash|private_jwk|successor|client_secret|wrapped|tokens|payload|auth_session)\s+text/m.test(columns),
    );
    assert.deepEqual(secret.map(([, name]) => name).toSorted(), Object.keys(storedSecrets).toSorted());
  });

  it('stands in docs/operations.md', () => {
    const page = readFileSync(join(source, '../../../docs/operations.md'), 'utf8');
    const entries = [...Object.entries(derivedKeys), ...Object.entries(givenSecrets), ...Object.entries(storedSecrets)];
    assert.deepEqual(
      entries.filter(([name, what]) => !page.includes(`| \`${name}\` | ${what} |`)),
      [],
    );
  });
});
