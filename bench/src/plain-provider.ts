/** The peer: the same engine with the adapter that everybody writes first, and no sign-in page of its own. */
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { type Adapter, type AdapterPayload, type Configuration, Provider } from 'oidc-provider';
import pg from 'pg';
import { CALLBACK, OPAQUE_API, PERSON, SECRET } from './issuer-configuration.ts';

const schema = `create schema if not exists plain;
create table if not exists plain.artifact (model text, id text, payload jsonb not null, grant_id text, uid text,
  expires_at timestamptz, consumed_at timestamptz, primary key (model, id));
create index if not exists plain_grant on plain.artifact (grant_id);
create index if not exists plain_uid on plain.artifact (uid)`;

const select = 'select payload, extract(epoch from consumed_at)::float8 as consumed from plain.artifact where model = $1 and';

interface Found {
  readonly payload: AdapterPayload;
  readonly consumed: number | null;
}

function plainAdapter(pool: pg.Pool): (model: string) => Adapter {
  return (model) => {
    const run = async (name: string, text: string, values: unknown[]) =>
      (await pool.query<Found & pg.QueryResultRow>({ name, text, values: [model, ...values] })).rows;
    const out = ([found]: readonly Found[]) => found && { ...found.payload, ...(found.consumed && { consumed: found.consumed }) };
    return {
      find: async (id) => out(await run('find', `${select} id = $2`, [id])),
      findByUid: async (uid) => out(await run('find by uid', `${select} uid = $2`, [uid])),
      findByUserCode: async () => undefined,
      async upsert(id, payload, ttl) {
        const text = `insert into plain.artifact values ($1, $2, $3, $4, $5, now() + make_interval(secs => $6)) on conflict (model, id)
          do update set payload = excluded.payload, grant_id = excluded.grant_id, uid = excluded.uid, expires_at = excluded.expires_at`;
        await run('upsert', text, [id, payload, payload.grantId ?? null, payload.uid ?? null, ttl ?? null]);
      },
      async consume(id) {
        await run('consume', 'update plain.artifact set consumed_at = now() where model = $1 and id = $2', [id]);
      },
      async destroy(id) {
        await run('destroy', 'delete from plain.artifact where model = $1 and id = $2', [id]);
      },
      async revokeByGrantId(grantId) {
        await run('revoke', 'delete from plain.artifact where model = $1 and grant_id = $2', [grantId]);
      },
    };
  };
}

export interface PlainOptions {
  readonly issuer: string;
  readonly port: number;
  readonly databaseUrl: string;
}

export async function startPlainProvider({ issuer, port, databaseUrl }: PlainOptions): Promise<void> {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 10 });
  await pool.query(schema);
  const provider = new Provider(issuer, configuration(plainAdapter(pool)));
  const engine = provider.callback();
  const server = createServer(async (request, response) => {
    if (!request.url?.startsWith('/interaction/')) return void engine(request, response);
    const { params } = await provider.interactionDetails(request, response);
    const grant = new provider.Grant({ accountId: PERSON.id, clientId: String(params.client_id) });
    grant.addOIDCScope('openid email offline_access');
    for (const resource of [params.resource].flat()) grant.addResourceScope(String(resource), 'orders:read');
    const result = { login: { accountId: PERSON.id }, consent: { grantId: await grant.save() } };
    await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
}

const features = {
  devInteractions: { enabled: false },
  clientCredentials: { enabled: true },
  introspection: { enabled: true, allowedPolicy: () => true },
  resourceIndicators: {
    enabled: true,
    defaultResource: (_ctx: unknown, _client: unknown, oneOf?: string[]) => oneOf ?? [],
    useGrantedResource: () => true,
    getResourceServerInfo: (_ctx: unknown, resource: string) => ({
      scope: 'orders:read',
      audience: resource,
      accessTokenTTL: 600,
      accessTokenFormat: resource === OPAQUE_API ? 'opaque' : 'jwt',
      jwt: { sign: { alg: 'ES256' } },
    }),
  },
};

function configuration(adapter: NonNullable<Configuration['adapter']>): Configuration {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const secret = { client_secret: SECRET, token_endpoint_auth_method: 'client_secret_post' } as const;
  const none = { redirect_uris: [], response_types: [] };
  const day = 86_400;
  const settings = {
    adapter,
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), kid: 'plain', alg: 'ES256', use: 'sig' }] },
    cookies: { keys: ['bench'] },
    routes: { authorization: '/oauth2/authorize', token: '/oauth2/token', introspection: '/oauth2/introspect' },
    clients: [
      { client_id: 'web', ...secret, redirect_uris: [CALLBACK], grant_types: ['authorization_code', 'refresh_token'] },
      { client_id: 'opaque-api', ...secret, ...none, grant_types: [] },
      { client_id: 'job', ...secret, ...none, grant_types: ['client_credentials'] },
    ],
    scopes: ['openid', 'offline_access'],
    claims: { openid: ['sub'], email: ['email'] },
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
    findAccount: (_ctx: unknown, id: string) => ({ accountId: id, claims: async () => ({ sub: id, email: PERSON.email }) }),
    interactions: { url: (_ctx: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
    issueRefreshToken: async () => true,
    rotateRefreshToken: true,
    pkce: { required: () => true },
    features,
    ttl: {
      AccessToken: 600,
      AuthorizationCode: 60,
      ClientCredentials: 600,
      Grant: 30 * day,
      IdToken: 600,
      Interaction: 1800,
      Session: 14 * day,
      RefreshToken: 7 * day,
    },
  };
  return settings as unknown as Configuration;
}
