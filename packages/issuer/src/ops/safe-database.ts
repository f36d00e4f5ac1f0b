/** what production asks of the database it runs on. */

import { SettingsError } from '../config.ts';
import { liveDemoOwners } from '../configuration/demo.ts';
import type { Statement, Store } from '../store/database.ts';

const SELF: Statement = {
  name: 'who am I',
  text: `select rolname as name, rolsuper as superuser, rolbypassrls as bypass from pg_catalog.pg_roles where rolname = current_user`,
};

/** Throws a `SettingsError` when the audit log could be rewritten by the issuer's role, or demo secrets are in use. */
export async function assertSafeDatabase(store: Store): Promise<void> {
  const findings: string[] = [];
  const [self] = await store.run<{ name: string; superuser: boolean; bypass: boolean }>(SELF, []);
  if (self?.superuser || self?.bypass) {
    findings.push(
      `DATABASE_URL: the role ${self.name} is a superuser (or bypasses row security), whom nothing stops from rewriting the audit log: ` +
        'create a plain role that owns the database and connect as it',
    );
  }
  const owners = await liveDemoOwners(store.run);
  findings.push(
    ...owners.map(
      (owner) => `${owner} has a demo secret in this database, which everybody may know: apply a configuration with one of its own`,
    ),
  );
  if (findings.length > 0) throw new SettingsError(findings);
}
