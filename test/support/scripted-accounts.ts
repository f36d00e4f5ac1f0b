/** The accounts API of the scripted vault: connects, lists and disconnects. */
import { createHash, randomBytes } from 'node:crypto';
import { base, type Json, type ScriptedVault, type Seen, type State, type VaultAccount } from './scripted-vault-state.ts';

const problem = (status: number, title: string): Response =>
  Response.json({ type: 'about:blank', status, title, detail: 'see the documentation' }, { status });

/** Answers the API below `/me/v1/connected-accounts`. */
export function accountsApi(state: State, seen: Seen): Response {
  const { vault } = state;
  const token = seen.authorization?.replace(/^Bearer /, '') ?? '';
  const payload = token.split('.')[1];
  const { aud }: Json = payload === undefined ? {} : JSON.parse(Buffer.from(payload, 'base64url').toString());
  if (!state.accessTokens.has(token) || ![aud].flat().includes(`${base(vault)}/me/`)) return problem(401, 'Unauthorized');
  const path = seen.path.slice('/me/v1/connected-accounts'.length);
  if (path === '/connect' && seen.method === 'POST') return connect(state, seen.json);
  if (path === '/complete' && seen.method === 'POST') return complete(state, seen.json);
  if (path === '/accounts' && seen.method === 'GET') return list(vault, seen.query);
  const id = /^\/accounts\/(cac_[A-Za-z0-9]+)$/.exec(path)?.[1];
  const place = vault.accounts.findIndex((account) => account.id === id);
  if (seen.method !== 'DELETE' || place < 0) return problem(404, 'Not Found');
  vault.accounts.splice(place, 1);
  return new Response(null, { status: 204 });
}

function connect({ vault, tickets }: State, json: Json): Response {
  const allowed = ['connection', 'redirect_uri', 'state', 'code_challenge', 'code_challenge_method', 'scopes', 'authorization_params'];
  if (Object.keys(json).some((name) => !allowed.includes(name)) || json.code_challenge_method !== 'S256')
    return problem(400, 'Bad Request');
  if (!vault.connections.has(String(json.connection))) return problem(404, 'Not Found');
  const ticket = randomBytes(8).toString('hex');
  const session = randomBytes(8).toString('hex');
  tickets.set(ticket, { ...json, session });
  return Response.json(
    { connect_uri: `${base(vault)}/connected-accounts/connect`, connect_params: { ticket }, auth_session: session, expires_in: 300 },
    { status: 201 },
  );
}

function complete({ vault, codes }: State, json: Json): Response {
  const begun = codes.get(String(json.connect_code));
  codes.delete(String(json.connect_code));
  const challenge = createHash('sha256').update(String(json.code_verifier)).digest('base64url');
  const sound = begun?.session === json.auth_session && begun?.redirect_uri === json.redirect_uri && begun?.code_challenge === challenge;
  if (begun === undefined || !sound) return problem(400, 'Bad Request');
  const number = vault.accounts.length + 1;
  const scopes = Array.isArray(begun.scopes) ? begun.scopes.map(String) : ['calendar.read'];
  const account = {
    id: `cac_${number}`,
    connection: String(begun.connection),
    account: `there-${number}`,
    scopes,
    token: `upstream-${number}`,
  };
  vault.accounts.push(account);
  return Response.json(shown(account), { status: 201 });
}

// Two to a page, so that a reader of more has to turn it.
function list({ accounts }: ScriptedVault, query: URLSearchParams): Response {
  const connection = query.get('connection');
  const mine = accounts.filter((account) => connection === null || account.connection === connection);
  const from = Number(query.get('from') ?? 0);
  return Response.json({ accounts: mine.slice(from, from + 2).map(shown), ...(from + 2 < mine.length && { next: String(from + 2) }) });
}

const shown = ({ id, connection, scopes }: VaultAccount): Json => ({
  id,
  connection,
  access_type: 'offline',
  scopes,
  created_at: '2026-11-22T10:00:00.000Z',
});
