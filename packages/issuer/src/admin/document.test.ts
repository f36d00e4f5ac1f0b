import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { rolesFor } from './caller.ts';
import { documentOf } from './document.ts';
import { permissions } from './routes/permissions.ts';
import { routes } from './routes/table.ts';

// biome-ignore lint/suspicious/noExplicitAny: a document is read by what it should be
type Loose = any;
const document: Loose = documentOf('https://login.example');
const operations: { path: string; method: string; operation: Loose }[] = Object.entries<object>(document.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
);

describe('the OpenAPI document of the admin API', () => {
  it('R-140 has an operation for each entry of the table, and no other', () => {
    assert.equal(document.openapi, '3.1.0');
    assert.deepEqual(document.servers, [{ url: 'https://login.example/admin/v1' }]);
    assert.deepEqual(
      operations.map(({ path, method, operation }) => `${method.toUpperCase()} ${path} ${operation.operationId}`).toSorted(),
      routes.map(({ id, method, path }) => `${method} ${path} ${id}`).toSorted(),
    );
  });

  it('names every path parameter of a path, as required, and no other', () => {
    for (const { path, operation } of operations) {
      const named = operation.parameters.filter(({ in: place }: { in: string }) => place === 'path');
      assert.deepEqual(
        named.map(({ name }: { name: string }) => name),
        [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name),
        path,
      );
      for (const parameter of operation.parameters) {
        assert.ok(parameter.schema && typeof parameter.required === 'boolean', `${path} ${parameter.name}`);
        if (parameter.in === 'path') assert.equal(parameter.required, true);
      }
    }
  });

  it('refers to nothing that is not in it', () => {
    const text = JSON.stringify(document);
    const references = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, reference = '']) => reference);
    assert.ok(references.length > routes.length);
    for (const reference of new Set(references)) {
      const found = reference
        .replace(/^#\//, '')
        .split('/')
        .reduce((value, part) => value?.[part], document);
      assert.ok(found, reference);
    }
    assert.doesNotMatch(text, /\$defs|"id":"[A-Z]\w+"/);
  });

  it('lets a docs page sign in: an authorization code flow with every permission as a scope', () => {
    const { type, flows } = document.components.securitySchemes.safeconduct;
    assert.equal(type, 'oauth2');
    assert.deepEqual(flows.authorizationCode, {
      authorizationUrl: 'https://login.example/oauth2/authorize',
      tokenUrl: 'https://login.example/oauth2/token',
      scopes: permissions,
    });
    for (const { operation } of operations) assert.equal(operation.security[0].safeconduct.length, 1);
  });

  it('describes each answer, with examples that fit their own schema', () => {
    for (const route of routes) {
      const { description, summary } = document.paths[route.path][route.method.toLowerCase()];
      assert.ok(summary && description.includes(route.permission), route.id);
      if (route.example?.answer !== undefined) assert.ok(route.answer?.safeParse(route.example.answer).success, `${route.id}: answer`);
      if (route.example?.body !== undefined) {
        const parsed = route.body?.safeParse(route.example.body);
        assert.ok(parsed?.success, `${route.id}: body ${parsed?.error?.message}`);
      }
      if (route.body) assert.ok(route.status === 204 || route.example, `${route.id} has an example`);
    }
  });

  it('stands in docs/admin-api.md: each call with its scope and who may, each scope with its sentence, and no other', () => {
    const page = readFileSync(join(import.meta.dirname, '../../../../docs/admin-api.md'), 'utf8');
    const [, calls = '', scopes = ''] = /## Calls\n([\s\S]*)## Scopes\n([\s\S]*)/.exec(page) ?? [];
    const lines = (text: string) => text.split('\n').filter((line) => line.startsWith('| `'));
    const who = (route: (typeof routes)[number]) => rolesFor(route).join(', ') || 'everybody';
    assert.deepEqual(
      lines(calls),
      routes.map((route) => `| \`${route.method} ${route.path}\` | ${route.summary} | \`${route.permission}\` | ${who(route)} |`),
    );
    assert.deepEqual(
      lines(scopes),
      Object.entries(permissions).map(([scope, sentence]) => `| \`${scope}\` | ${sentence} |`),
    );
  });
});
