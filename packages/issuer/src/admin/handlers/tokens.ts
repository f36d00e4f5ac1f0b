import { type AccessTokenMetadata, createAccessToken, findAccessToken, revokeAccessToken } from '../../people/access-tokens.ts';
import type { Row, Run, Statement } from '../../store/database.ts';
import type { Call, Handlers } from '../call.ts';
import { tokens } from '../lists.ts';
import { CallRefused, invalid, unknown } from '../problem.ts';
import type { tokenRoutes } from '../routes/tokens.ts';
import { refuseUnusable, refuseWider } from './resources.ts';
import { page, shown } from './shown.ts';

const SIGN_IN_SCOPES: Statement = {
  name: 'scopes of sign-ins',
  text: `select array(select jsonb_object_keys(api.resource_scopes)) as known, coalesce(array_agg(s.scope), '{}') as open
    from issuer.application api
    join issuer.application a on a.resources @> array[api.resource] and a.disabled_at is null and a.kind in ('web', 'spa', 'native')
      and a.grant_types && array['authorization_code', 'urn:ietf:params:oauth:grant-type:device_code']
    left join lateral unnest(a.scopes) as s(scope) on true
    where api.resource = $1 and api.kind = 'api' and api.disabled_at is null group by api.id, api.resource_scopes`,
};

type Changing = Omit<Call, 'params' | 'query' | 'body'>;

export const tokenHandlers: Handlers<typeof tokenRoutes> = {
  'tokens.list': (call) => page(call, tokens),
  'tokens.show': (call) => shown(call, tokens, call.params.token),
  async 'tokens.create'(call) {
    const { serviceUser, ...wanted } = call.body;
    await refuseUnusable(call, wanted);
    return create(call, serviceUser, wanted);
  },
  'tokens.revoke': (call) => revoke(call, call.params.token),
  'me.tokens.list': (call) => page(own(call), tokens, { user: call.caller.id }),
  async 'me.tokens.create'(call) {
    const { caller, run, body } = call;
    if (caller.kind !== 'person')
      throw new CallRefused('forbidden', 'only people make their own tokens: an administrator makes those of service users');
    if (caller.client === undefined) throw new CallRefused('forbidden', 'a personal access token cannot make another one: sign in for it');
    refuseWider(call, body);
    await refuseUnsigned(run, body.resources, body.scopes);
    return create(call, caller.id, body);
  },
  async 'me.tokens.revoke'(call) {
    const found = await findAccessToken(call.run, call.params.token);
    if (found?.userId !== call.caller.id) throw unknown('token', call.params.token);
    return revoke(call, found.id);
  },
};

interface Wanted {
  readonly name: string;
  readonly resources: readonly string[];
  readonly scopes: readonly string[];
  readonly expiresAt?: string | undefined;
}

async function create(call: Changing, userId: string, { expiresAt, ...wanted }: Wanted): Promise<Row> {
  const ends = expiresAt === undefined ? undefined : new Date(expiresAt);
  const { token, metadata } = await createAccessToken(call.run, { ...wanted, userId, expiresAt: ends, createdBy: call.caller.id });
  const { id, resources, scopes } = metadata;
  await call.record({
    type: 'token.created',
    target: userId,
    details: { token: id, resources, scopes, expires: metadata.expiresAt.toISOString() },
  });
  return { ...rowOf(metadata), token: token.reveal() };
}

async function revoke(call: Changing, id: string): Promise<undefined> {
  const ended = await revokeAccessToken(call.run, id);
  if (ended === undefined) throw unknown('token', id);
  await call.record({ type: 'token.revoked', target: ended.userId, details: { token: id } });
}

/**
 * Throws `invalid` unless this person could sign in, through some application, for each of these scopes at every one of these
 * APIs that knows it. A program that only acts for itself lets nobody sign in.
 */
async function refuseUnsigned(run: Run, resources: readonly string[], scopes: readonly string[]): Promise<void> {
  const anywhere = new Set<string>();
  for (const resource of resources) {
    const [found] = await run<SignInScopes>(SIGN_IN_SCOPES, [resource]);
    if (found === undefined) throw invalid([`resources: no application lets people sign in for ${resource}`]);
    const closed = scopes.filter((scope) => found.known.includes(scope) && !found.open.includes(scope));
    if (closed.length > 0) throw invalid(closed.map((scope) => `scopes: no application lets people sign in for ${scope} at ${resource}`));
    for (const scope of found.known) anywhere.add(scope);
  }
  const strange = scopes.filter((scope) => !anywhere.has(scope));
  if (strange.length > 0) throw invalid(strange.map((scope) => `scopes: none of these APIs knows the scope ${scope}`));
}

interface SignInScopes extends Record<string, unknown> {
  /** What the API knows. */
  readonly known: readonly string[];
  /** What people can sign in for. */
  readonly open: readonly string[];
}

/** One's own are within reach, whatever the organization. */
function own<C extends Changing>(call: C): C {
  return { ...call, reach: { everywhere: true } };
}

function rowOf({ userId, createdAt, expiresAt, lastUsedAt, ...rest }: AccessTokenMetadata): Row {
  return {
    ...rest,
    user: userId,
    createdAt: createdAt.toISOString(),
    expiresAt: expiresAt.toISOString(),
    lastUsedAt: lastUsedAt?.toISOString() ?? null,
  };
}
