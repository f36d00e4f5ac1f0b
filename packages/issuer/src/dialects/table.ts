/** Every dialect that an origin may speak. A new one is a file beside this and its line here. */
import { auth0 } from './auth0.ts';
import type { Dialect } from './dialect.ts';
import { entra } from './entra.ts';
import { keycloak } from './keycloak.ts';
import { standard } from './standard.ts';
import { zitadel } from './zitadel.ts';

const dialects: readonly Dialect[] = [standard, auth0, entra, keycloak, zitadel];

const byName: ReadonlyMap<string, Dialect> = new Map(dialects.map((dialect) => [dialect.name, dialect]));

export const dialectNames: readonly string[] = [...byName.keys()];

export function dialectOf(name: string): Dialect | undefined {
  return byName.get(name);
}

/** Whether it can stand beside another one at an origin: all its paths begin with a tenant. */
export function mountable(name: string): boolean {
  return byName.get(name)?.tenancy !== undefined;
}
