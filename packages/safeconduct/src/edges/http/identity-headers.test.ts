import assert from 'node:assert/strict';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, it } from 'node:test';
import { dropIdentityHeaders, withoutIdentityHeaders } from './identity-headers.ts';

const claims = [
  ...['X-User', 'x-username', 'x-user-name', 'X-User-Id', 'x-userid', 'x-user-email', 'x-user-roles', 'X_USER_ID'],
  ...['X-Forwarded-User', 'x-forwarded-email', 'x-forwarded-groups', 'x-forwarded-preferred-username', 'x-forwarded-access-token'],
  ...['X-Auth-Request-User', 'x-auth-request-access-token', 'X-Authenticated-UserId', 'x-webauth-user'],
  ...['Remote-User', 'remote-groups', 'X-Remote-User', 'remote_user'],
  ...['X-Amzn-Oidc-Data', 'x-goog-authenticated-user-email', 'x-ms-client-principal', 'x-ms-client-principal-name'],
];
const others = [
  'X-User-Agent',
  'X-Forwarded-For',
  'X-Forwarded-Host',
  'X-Request-Id',
  'X-Tenant',
  'Referer',
  'Remote-Addr',
  'X-Auth-Requested',
];

describe('headers that name a user', () => {
  it('R-099 are taken out of every view that Node has of a request', () => {
    for (const name of claims) {
      const request = new IncomingMessage(new Socket());
      request.rawHeaders = [name, 'eve', 'Accept', '*/*', name.toUpperCase(), 'mallory'];
      request.headers = { [name.toLowerCase()]: 'eve, mallory', accept: '*/*' };
      dropIdentityHeaders(request);
      assert.deepEqual(request.headers, { accept: '*/*' }, name);
      assert.deepEqual(request.rawHeaders, ['Accept', '*/*'], name);
      assert.equal(request.headersDistinct[name.toLowerCase()], undefined, name);
    }
  });

  it('R-099 are taken out of a standard request', () => {
    for (const name of claims) {
      const request = withoutIdentityHeaders(new Request('https://api.example', { headers: { [name]: 'eve', accept: '*/*' } }));
      assert.deepEqual([...request.headers], [['accept', '*/*']], name);
    }
  });

  it('leaves all other headers, and requests without any', () => {
    for (const name of others) {
      const headers = { [name.toLowerCase()]: '1' };
      dropIdentityHeaders({ headers });
      assert.deepEqual(headers, { [name.toLowerCase()]: '1' });
      const request = new Request('https://api.example', { headers });
      assert.equal(withoutIdentityHeaders(request), request);
      assert.equal(request.headers.get(name), '1');
    }
  });
});
