/** A process of the vault's bench: the issuer, the calendar whose tokens it keeps, or the peer. Prints its port. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { argv, env } from 'node:process';
import { Writable } from 'node:stream';
import { createCalendarApi } from '@safeconduct/example-calendar-api';
import { createIssuer } from '@safeconduct/issuer';
import pg from 'pg';
import { CONNECTION, racesConfiguration, racingPeople, SECRET } from './vault-races-configuration.ts';

const { ISSUER_PORT = '', DATABASE_URL = '', DATA = '', CALENDAR = '', MASTER_KEY = '' } = env;
const issuer = `http://127.0.0.1:${ISSUER_PORT}`;

const roles = {
  /** With its access log, which is written and then dropped. */
  async issuer() {
    const logDestination = new Writable({ write: (_line, _encoding, done) => done() });
    const options = { issuer, port: Number(ISSUER_PORT), databaseUrl: DATABASE_URL, dataDirectory: DATA, masterKey: MASTER_KEY };
    await (await createIssuer({ ...options, logDestination, configuration: racesConfiguration(CALENDAR) })).listen();
    return ISSUER_PORT;
  },
  async calendar() {
    const client = { id: 'bench', secret: SECRET, redirectUris: [`${issuer}/connections/${CONNECTION}/callback`] };
    const people = racingPeople.map(({ there }) => there);
    return new URL((await createCalendarApi({ clients: [client], people, accessTokenSeconds: 7200 })).url).port;
  },
  /** Parses the request and reads one row by its key: nothing is checked, nothing is opened. */
  async peer() {
    const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 10, application_name: 'peer' });
    const server = http.createServer((request, response) => {
      let body = '';
      request.setEncoding('latin1').on('data', (chunk: string) => {
        body += chunk;
      });
      request.on('end', () => void answer(pool, body, response));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return String((server.address() as AddressInfo).port);
  },
};

async function answer(pool: pg.Pool, body: string, response: http.ServerResponse): Promise<void> {
  const form = new URLSearchParams(body);
  const text = 'select token, scope, expires_at from peer_vault where user_id = $1 and connection = $2';
  const { rows } = await pool.query({ name: 'peer', text, values: ['user-1', form.get('connection')] });
  const { token, scope, expires_at } = rows[0];
  const expires_in = Math.floor((expires_at - Date.now()) / 1000);
  const json = JSON.stringify({ access_token: token, token_type: 'Bearer', expires_in, scope });
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store', 'content-length': Buffer.byteLength(json) });
  response.end(json);
}

console.log(await roles[argv[2] as keyof typeof roles]());
