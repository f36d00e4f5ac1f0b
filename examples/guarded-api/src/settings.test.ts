import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { start } from './running.fixtures.test.ts';

const given = { ISSUER: 'http://localhost:8080', AUDIENCE: 'http://127.0.0.1:5000/api', CLIENT_ID: 'messages-api', CLIENT_SECRET: 'x' };
const started = (env: NodeJS.ProcessEnv) => start(['--conditions=safeconduct-source', 'src/server.ts'], { sign: /The API is ready/, env });

describe('npm start of the guarded API', () => {
  it('says which settings are missing, and what to do', async () => {
    const { AUDIENCE: _, CLIENT_SECRET: __, ...some } = given;
    await assert.rejects(started(some), /Not set: AUDIENCE, CLIENT_SECRET\. Copy \.env\.example to \.env.*README\.md/);
  });

  it('says that a port is no port', async () => {
    await assert.rejects(started({ ...given, PORT: 'http' }), /PORT is "http": write a number from 1 to 65535\./);
  });

  it('says that the port is taken, and never that it is ready', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const refused = started({ ...given, PORT: String(port) });
    await assert
      .rejects(refused, new RegExp(`cannot listen on 127\\.0\\.0\\.1:${port}: .*EADDRINUSE.*Set PORT`))
      .finally(() => other.close());
  });
});
