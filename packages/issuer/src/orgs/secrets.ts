/** Secrets of applications. Only their SHA-256 is kept; each ends at its own time; two are live at most, so that one can be replaced. */
import { Secret } from '../secrets/secret.ts';
import { hashOf, newToken } from '../secrets/token-format.ts';
import type { Row, Run, Statement } from '../store/database.ts';
import { newId } from '../store/ids.ts';
import { Refused } from '../store/refused.ts';
import type { Change } from '../store/upsert.ts';
import { lockForCredential } from './credentials.ts';

/** A secret as it is listed: never its value. */
export interface ApplicationSecret {
  readonly id: string;
  readonly createdAt: Date;
  /** Absent: it lives until it is removed. */
  readonly expiresAt: Date | undefined;
}

const INSERT: Statement = {
  name: 'add application secret',
  text: `insert into issuer.application_secret (application_id, id, hash, expires_at) values ($1, $2, $3, $4)
    returning id, created_at, expires_at`,
};
const LIST: Statement = {
  name: 'application secrets',
  text: `select id, created_at, expires_at from issuer.application_secret
    where application_id = $1 and (expires_at is null or expires_at > now()) order by created_at, id`,
};
const REMOVE: Statement = {
  name: 'remove application secret',
  text: 'delete from issuer.application_secret where application_id = $1 and id = $2 returning id',
};
const KEEP: Statement = {
  name: 'drop application secrets',
  text: 'delete from issuer.application_secret where application_id = $1 and hash <> all($2::text[]) returning hash',
};
const DECLARE: Statement = {
  name: 'declare application secrets',
  text: `insert into issuer.application_secret (application_id, id, hash) select $1, id, hash from unnest($2::text[], $3::text[]) as s(id, hash)
    on conflict (application_id, hash) do update set expires_at = null where application_secret.expires_at is not null returning hash`,
};

export interface AddSecretOptions {
  /** When it stops working. Default: never. */
  readonly expiresAt?: Date | undefined;
}

/**
 * Makes a new secret for an application. `secret` is shown to whoever asked and is nowhere else. Needs a transaction. Throws
 * `Refused` when there is no such application, it cannot keep a secret, proves itself by keys, or has two secrets already.
 */
export async function addSecret(
  run: Run,
  applicationId: string,
  { expiresAt }: AddSecretOptions = {},
): Promise<ApplicationSecret & { readonly secret: Secret }> {
  if (expiresAt !== undefined && !(expiresAt.getTime() > Date.now())) throw new Refused('invalid', 'expiresAt must be in the future');
  await lockForCredential(run, applicationId, 'secret');
  const secret = new Secret(newToken('sk'));
  const [row] = await run(INSERT, [applicationId, newId('sec'), hashOf(secret.reveal()), expiresAt ?? null]);
  return { ...fromRow(row ?? {}), secret };
}

/** The secrets of an application that are live now, the oldest first. */
export async function listSecrets(run: Run, applicationId: string): Promise<ApplicationSecret[]> {
  return (await run(LIST, [applicationId])).map(fromRow);
}

/** Removes a secret. It stops working within seconds. Gives false when there is none with this id. */
export async function removeSecret(run: Run, applicationId: string, secretId: string): Promise<boolean> {
  return (await run(REMOVE, [applicationId, secretId])).length > 0;
}

/** Makes the secrets of an application exactly those with these hashes, without an end. */
export async function setSecretHashes(run: Run, applicationId: string, hashes: readonly string[]): Promise<Change> {
  const dropped = await run(KEEP, [applicationId, [...hashes]]);
  const added = await run(DECLARE, [applicationId, hashes.map(() => newId('sec')), [...hashes]]);
  return dropped.length + added.length > 0 ? 'changed' : 'same';
}

function fromRow(row: Row): ApplicationSecret {
  return { id: String(row.id), createdAt: row.created_at as Date, expiresAt: (row.expires_at as Date | null) ?? undefined };
}
