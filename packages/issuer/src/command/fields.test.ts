import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ZodObject } from 'zod';
import { routes, table } from '../admin/routes/table.ts';
import { fieldsOf, secretsOf } from './fields.ts';

const bodyOf = (id: keyof typeof table) => {
  const { body } = table[id] as { body?: unknown };
  assert.ok(body instanceof ZodObject, id);
  return fieldsOf(body);
};

describe('flags of the commands', () => {
  it('name one value each, and are the same word whatever its spelling in the API', () => {
    const flags = Object.fromEntries(bodyOf('applications.create').map(({ name, flag, kind }) => [name, [flag, kind]]));
    assert.deepEqual(flags.redirectUris, ['--redirect-uri', 'list']);
    assert.deepEqual(flags.firstParty, ['--first-party', 'boolean']);
    assert.deepEqual(flags.publicKeys, ['--public-key-file', 'json-files']);
    const api = Object.fromEntries(bodyOf('apis.create').map(({ name, flag, kind }) => [name, [flag, kind]]));
    assert.deepEqual(
      [api.resource, api.resources],
      [
        ['--resource', 'text'],
        ['--resources', 'list'],
      ],
    );
    assert.deepEqual(api.scopes, ['--scope', 'pairs']);
    assert.deepEqual(api.tokenLifetime, ['--token-lifetime', 'number']);
  });

  it('never take a secret itself, only a file with it', () => {
    for (const { body } of routes) {
      const fields = body instanceof ZodObject ? fieldsOf(body) : [];
      for (const { name, flag, kind } of fields.filter((field) => /password|secret$/i.test(field.name)))
        assert.deepEqual([flag, kind], [`--${name}-file`, 'secret-file']);
    }
    assert.ok(bodyOf('people.set-password').some(({ kind }) => kind === 'secret-file'));
  });

  it('are not used twice in one command', () => {
    for (const { id, query, body } of routes) {
      const own = ['--issuer', '--json', '--all', '--help'];
      const flags = [...own, ...fieldsOf(query), ...(body instanceof ZodObject ? fieldsOf(body) : [])].map((one) =>
        typeof one === 'string' ? one : one.flag,
      );
      assert.equal(new Set(flags).size, flags.length, id);
    }
  });

  it('know what an answer shows once', () => {
    assert.deepEqual(secretsOf(table['tokens.create'].answer), ['token']);
    assert.deepEqual(secretsOf(table['apis.create'].answer), ['secret']);
    assert.deepEqual(secretsOf(table['apis.show'].answer), []);
  });
});
