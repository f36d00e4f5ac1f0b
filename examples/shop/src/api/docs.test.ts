import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { z } from '@hono/zod-openapi';
import { demoPeople } from '../demo-people.ts';
import { startTestIssuer, type TestIssuer } from '../testing/issuer.ts';
import { startTestShop, type TestShop } from '../testing/shops.ts';
import { refusal } from './answers.ts';
import { type RouteName, routes } from './routes.ts';

interface Operation {
  readonly operationId: RouteName;
  readonly security: readonly Record<string, readonly string[]>[];
  readonly responses: Record<string, unknown>;
}

const asked: Readonly<Record<Exclude<RouteName, 'chat'>, string>> = {
  me: '/me',
  products: '/products?words=mug',
  orders: '/orders',
  order: '/orders/1001',
  cancel: '/orders/1296/cancel',
  customerOrders: '/customers/C-1001/orders',
};

describe('the document of the API', () => {
  let issuer: TestIssuer;
  let shop: TestShop;
  let operations: readonly { path: string; method: string; operation: Operation }[];
  before(async () => {
    issuer = await startTestIssuer();
    shop = await startTestShop({ issuer: issuer.url });
    const { paths } = (await (await fetch(`${shop.url}/docs/openapi.json`)).json()) as { paths: Record<string, Record<string, Operation>> };
    operations = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
    );
  });
  after(async () => {
    await shop?.close();
    await issuer?.close();
  });

  const call = (path: string, method: string, scopes: readonly string[]) => {
    const { id: subject = '', roles = [] } = demoPeople[0] ?? {};
    const authorization = `Bearer ${issuer.token({ subject, roles, scopes, audience: `${shop.url}/api` })}`;
    return fetch(`${shop.url}/api${path}`, { method: method.toUpperCase(), headers: { authorization } });
  };

  it('has every route', () => {
    assert.deepEqual(operations.map(({ operation }) => operation.operationId).toSorted(), routes.map(({ name }) => name).toSorted());
  });

  it('S3.7 names the scheme that it defines, for the issuer of the shop', async () => {
    const { components } = (await (await fetch(`${shop.url}/docs/openapi.json`)).json()) as {
      components: { securitySchemes: { oauth2: { flows: { authorizationCode: Record<string, unknown> } } } };
    };
    const { authorizationUrl, tokenUrl, scopes } = components.securitySchemes.oauth2.flows.authorizationCode;
    assert.deepEqual([authorizationUrl, tokenUrl], [`${issuer.url}/authorize`, `${issuer.url}/token`]);
    for (const { operation } of operations)
      for (const scope of operation.security.flatMap(({ oauth2 = [] }) => oauth2)) assert.ok(scope in (scopes as object), scope);
  });

  it('asks for the scopes that the guard asks for: without one of them 403, without a token 401', async () => {
    for (const { path, method, operation } of operations) {
      const address = path.replace('{number}', '1001').replace('{id}', 'C-1001');
      assert.equal((await fetch(`${shop.url}/api${address}`, { method: method.toUpperCase() })).status, 401, path);
      const scopes = operation.security.flatMap(({ oauth2 = [] }) => oauth2);
      for (const missing of scopes) {
        const answer = await call(
          address,
          method,
          scopes.filter((scope) => scope !== missing),
        );
        assert.equal(answer.status, 403, `${path} without ${missing}`);
        assert.ok(refusal.safeParse(await answer.json()).success, path);
      }
    }
  });

  it('says what the API answers', async () => {
    for (const { name, method, scopes, answer } of routes) {
      if (name === 'chat') continue;
      const response = await call(asked[name], method, scopes);
      assert.equal(response.status, 200, name);
      const parsed = (answer as z.ZodObject).strict().safeParse(await response.json());
      assert.ok(parsed.success, `${name}: ${parsed.error}`);
    }
  });
});
