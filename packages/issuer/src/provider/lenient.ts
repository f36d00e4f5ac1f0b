/** What a dialect lets through because clients depend on it: never unseen, and an application can do without. */
import type { Client, KoaContextWithOIDC } from 'oidc-provider';
import type { Leniency } from '../dialects/facts.ts';
import { traitsOf } from './applications.ts';
import { onceAMinute } from './audit.ts';
import { unit } from './unit.ts';
import type { Voice } from './voice.ts';

/** Whether this dialect lets it through for this application. */
export function isLenient(leniency: Leniency, client: Client, { dialect }: Voice): boolean {
  // Who cannot prove itself has nothing but PKCE.
  if (leniency === 'missing_pkce' && client.clientAuthMethod === 'none') return false;
  return dialect.policy.lenient.includes(leniency) && !traitsOf(client).refuses.includes(leniency);
}

const mayNote = onceAMinute();

/** Writes down that it was let through. */
export function noteLeniency(leniency: Leniency, { oidc, ip }: KoaContextWithOIDC): void {
  const client = oidc.client?.clientId;
  if (mayNote(`${client} ${leniency}`)) unit().record({ type: 'dialect.lenient', outcome: 'ok', reason: leniency, client, ip });
}
