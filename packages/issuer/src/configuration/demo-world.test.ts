import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { demoWorld } from './demo-world.ts';

const examples = join(import.meta.dirname, '../../../../examples');

describe('the demo world', () => {
  it('has no id of an example, whose people it would take along to its own organization in the same directory', () => {
    const { organizations = [], projects = [], users = [] } = demoWorld;
    const programs = projects.flatMap(({ apis = [], applications = [] }) => [...apis, ...applications]);
    const ids = [...organizations, ...projects, ...programs, ...users].map(({ id }) => id);
    const declaring = globSync('*/src/**/*.ts', { cwd: examples })
      .map((file) => [file, readFileSync(join(examples, file), 'utf8')] as const)
      .filter(([, text]) => /\bid: '/.test(text));
    assert.ok(declaring.some(([file]) => file === 'shop/src/demo-people.ts'));
    assert.deepEqual(
      declaring.flatMap(([file, text]) => ids.filter((id) => text.includes(`id: '${id}'`)).map((id) => `${file}: ${id}`)),
      [],
    );
  });
});
