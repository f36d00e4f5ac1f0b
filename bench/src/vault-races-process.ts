/** A process of the vault's races: an issuer, or the calendar that its people connect. The parent says which, and what to do. */
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createCalendarApi } from '@safeconduct/example-calendar-api';
import { createIssuer } from '@safeconduct/issuer';
import { freePort } from '@safeconduct/test-support/ports';
import { CONNECTION, racesConfiguration, racingPeople, SECRET } from './vault-races-configuration.ts';

/** Milliseconds between what the calendar did and its answer: there a process dies most harmfully. */
const DELAY = 150;

export interface IssuerOrders {
  readonly role: 'issuer';
  readonly issuer: string;
  readonly port: number;
  readonly databaseUrl: string;
  readonly dataDirectory: string;
  readonly masterKey: string;
  readonly calendar: string;
}

export interface CalendarOrders {
  readonly role: 'calendar';
  /** Of the issuer, which people come back to. */
  readonly issuer: string;
}

export type Orders = IssuerOrders | CalendarOrders;

/** What the calendar has seen since it began. */
export interface Seen {
  readonly refreshes: number;
  readonly reuseAlarms: number;
}

process.on('message', async (message: Orders | 'figures') => {
  if (message === 'figures') return;
  if (message.role === 'issuer') await startIssuer(message);
  else await startCalendar(message);
});
process.on('disconnect', () => process.exit(0));

async function startIssuer({ calendar, role, ...options }: IssuerOrders): Promise<void> {
  const issuer = await createIssuer({ ...options, configuration: racesConfiguration(calendar), logLevel: 'silent' });
  await issuer.listen();
  process.send?.('ready');
}

async function startCalendar({ issuer }: CalendarOrders): Promise<void> {
  const client = { id: 'bench', secret: SECRET, redirectUris: [`${issuer}/connections/${CONNECTION}/callback`] };
  const port = await freePort();
  const url = `http://127.0.0.1:${await far(port)}`;
  const options = { port, url, people: racingPeople.map(({ there }) => there), accessTokenSeconds: 3600 };
  const { figures } = await createCalendarApi({ ...options, clients: [client] });
  process.on('message', (message) => {
    if (message === 'figures') process.send?.({ refreshes: figures.refreshes, reuseAlarms: figures.reuseAlarms } satisfies Seen);
  });
  process.send?.(url);
}

/** Passes everything on to `port`, and tokens with the delay of a third party that is far away. Gives its own port. */
async function far(port: number): Promise<number> {
  const server = createServer((incoming, outgoing) => {
    const { method, headers, url: path } = incoming;
    const onward = request({ host: '127.0.0.1', port, method, path, headers }, (answer) => {
      setTimeout(() => answer.pipe(outgoing.writeHead(answer.statusCode ?? 502, answer.headers)), path === '/token' ? DELAY : 0);
    });
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}
