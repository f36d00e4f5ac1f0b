import assert from 'node:assert/strict';
import { createSecretKey, randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import type { Client } from 'oidc-provider';
import type { Connection } from '../connections/connection.ts';
import { ACCOUNT_PAGES } from '../people/account-application.ts';
import { TRAITS } from '../provider/applications.ts';
import type { Interaction } from './begun.ts';
import { demandOf, provedTooLongAgo, waysIn } from './upstream-login-ways.ts';

const connection = (id: string, more: Partial<Connection> = {}): Connection => ({
  id,
  organizationId: 'acme',
  name: id,
  preset: 'oidc',
  signIn: true,
  signUp: false,
  accounts: false,
  issuer: `https://${id}.example`,
  endpoints: {},
  clientId: 'c',
  clientSecret: undefined,
  authMethod: 'none',
  scopes: [],
  authorizationParams: {},
  publicClients: false,
  refreshRetry: 'never',
  proxy: undefined,
  disabled: false,
  applications: new Map(),
  ...more,
});
const idp = connection('idp');
const entra = connection('entra', { preset: 'microsoft' });
const google = connection('google', { preset: 'google' });
const github = connection('github', { preset: 'github', issuer: undefined });
const off = connection('off', { disabled: true });
const calendar = connection('calendar', { signIn: false, accounts: true });
const all = [idp, entra, google, github, off, calendar];

const deskOf = (connections: readonly Connection[]) => ({
  key: createSecretKey(randomBytes(32)),
  connections: {
    find: async (id: string) => connections.find((one) => one.id === id),
    ofOrganization: async (id: string | undefined) => connections.filter(({ organizationId }) => id === undefined || organizationId === id),
  },
});
// Of the engine's objects, what is read here.
const client = (clientId: string) => ({ clientId, [TRAITS]: { organization: 'acme' } }) as unknown as Client;
const interaction = (params: Record<string, unknown>, { prompt = 'login', accountId = undefined as string | undefined } = {}) =>
  ({ params, prompt: { name: prompt }, session: accountId && { accountId } }) as unknown as Interaction;
const offered = async (id: string, one: Interaction, connections: readonly Connection[] = all) =>
  (await waysIn(deskOf(connections), { client: client(id), interaction: one })).map((way) => way.id);

describe('the ways in that a sign-in page offers', () => {
  it('are the connections that sign people in and are not off', async () => {
    assert.deepEqual(await offered('shop', interaction({})), ['idp', 'entra', 'google', 'github']);
  });

  it('are those that can be made to ask again, where an application demands it', async () => {
    for (const one of [interaction({ prompt: 'login' }), interaction({ max_age: 60 }), interaction({}, { accountId: 'usr_ada' })])
      assert.deepEqual(await offered('shop', one), ['idp', 'entra']);
  });

  it('are all of them where our own pages want a new sign-in: somebody may have no other', async () => {
    const one = interaction({ prompt: 'login' }, { accountId: 'usr_ada' });
    assert.deepEqual(await offered(ACCOUNT_PAGES, one), ['idp', 'entra', 'google', 'github']);
  });

  it('are none at our own pages while nobody knows of which organization somebody is', async () => {
    const two = [idp, connection('theirs', { organizationId: 'other' })];
    assert.deepEqual(await offered(ACCOUNT_PAGES, interaction({}), two), []);
  });
});

describe('what a third party is asked', () => {
  it('is a new sign-in with its time, where that is demanded', () => {
    assert.deepEqual(demandOf(interaction({ prompt: 'login' }), idp), { prompt: 'login', params: { max_age: '0' } });
    assert.deepEqual(demandOf(interaction({}), idp), {});
  });

  it('is to let somebody choose another account', () => {
    const another = interaction({}, { prompt: 'consent', accountId: 'usr_ada' });
    assert.deepEqual(
      [idp, google, github].map((one) => demandOf(another, one).prompt),
      ['login', 'select_account', undefined],
    );
  });

  it('is believed with a time only, and not with one from before the question', () => {
    const now = new Date('2026-11-22T14:31:00Z');
    const ago = (seconds: number) => new Date(now.getTime() - seconds * 1000);
    const demand = demandOf(interaction({ prompt: 'login' }), idp);
    assert.deepEqual(
      [ago(5), ago(600), ago(700), undefined].map((at) => provedTooLongAgo(demand, at, now)),
      [false, false, true, true],
    );
    assert.equal(provedTooLongAgo({}, undefined, now), false);
  });
});
