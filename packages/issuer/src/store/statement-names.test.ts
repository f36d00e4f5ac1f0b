/** PostgreSQL prepares a statement once per connection under its name: a second text under the same name fails when it is used. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';

const source = join(import.meta.dirname, '..');
const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) => /\.ts$/.test(file) && !/\.test\.ts$/.test(file));
// `name` and, behind it, `text` in one literal; a name may be made of parts.
const shape = /\bname: (?:'([^']+)'|`([^`]+)`),\s*text\b/g;
const found = files.flatMap((file) => {
  const text = readFileSync(join(source, file), 'utf8');
  return [...text.matchAll(shape)].map(([, plain, made]) => ({ file, name: plain ?? made ?? '' }));
});

describe('the names of statements', () => {
  it('are each given once', () => {
    assert.ok(found.length > 80, `only ${found.length} statements were found`);
    const named = Map.groupBy(found, ({ name }) => name);
    const clashes = [...named].filter(([, uses]) => uses.length > 1).map(([name, uses]) => `${name}: ${uses.map(({ file }) => file)}`);
    assert.deepEqual(clashes, []);
  });

  it('cannot be met by a name that is made of parts', () => {
    const made = found.filter(({ name }) => name.includes('${')).map(({ name, file }) => ({ file, name, pattern: patternOf(name) }));
    for (const { file, name, pattern } of made) {
      const met = found.filter((other) => other.name !== name && pattern.test(other.name)).map((other) => `${other.file}: ${other.name}`);
      assert.deepEqual(met, [], `${file}: ${name}`);
    }
  });
});

function patternOf(name: string): RegExp {
  const parts = name.split(/\$\{[^}]*\}/).map((part) => part.replace(/[.*+?^$()[\]\\|]/g, '\\$&'));
  return new RegExp(`^${parts.join('.+')}$`);
}
