/** Demo secrets: welcome on a developer's machine, refused in production, wherever they come from. */

import { Secret } from '../secrets/secret.ts';
import type { Run, Statement } from '../store/database.ts';
import type { IssuerConfiguration, SecretValue } from './define.ts';

const REMEMBER: Statement = {
  name: 'remember demo secrets',
  text: `insert into issuer.demo_secret (owner, hash)
    select a.application_id, a.hash from issuer.application_secret a where a.application_id = any($1::text[])
    union all select p.user_id, p.hash from issuer.user_password p where p.user_id = any($1::text[]) on conflict do nothing`,
};
const LIVE: Statement = {
  name: 'live demo secrets',
  text: `select d.owner from issuer.demo_secret d where exists (select from issuer.application_secret a where a.application_id = d.owner and a.hash = d.hash)
    or exists (select from issuer.user_password p where p.user_id = d.owner and p.hash = d.hash)
    union select id from issuer.connection where demo_secret order by owner`,
};

/** Ids of the people, applications and connections whose secret is a demo value in this configuration. */
export function demoOwners({ projects = [], users = [], connections = [] }: IssuerConfiguration): string[] {
  const programs = projects.flatMap(({ apis = [], applications = [] }) => [...apis, ...applications]);
  return [
    ...programs.filter(({ secret }) => hasDemo(secret)).map(({ id }) => id),
    ...users.filter(({ password, passwordHash }) => hasDemo(password) || hasDemo(passwordHash)).map(({ id }) => id),
    ...connections.filter(({ secret }) => hasDemo(secret)).map(({ id }) => id),
  ];
}

/** Notes that these owners' secrets, as they are now, are demo values. A new secret is none. */
export async function rememberDemo(run: Run, owners: readonly string[]): Promise<void> {
  if (owners.length > 0) await run(REMEMBER, [[...owners]]);
}

/** Who still has a demo secret in this database. */
export async function liveDemoOwners(run: Run): Promise<string[]> {
  return (await run<{ owner: string }>(LIVE, [])).map(({ owner }) => owner);
}

function hasDemo(value: SecretValue | readonly SecretValue[] | undefined): boolean {
  return [value].flat().some((one) => one instanceof Secret && one.isDemo);
}
