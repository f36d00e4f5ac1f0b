import type { Leniency } from '../dialects/facts.ts';

const known: Readonly<Record<Leniency, true>> = {
  secret_in_address: true,
  missing_pkce: true,
  refresh_token_reuse: true,
  localhost_redirect: true,
  unasked_logout: true,
  assertion_reuse: true,
  token_in_address: true,
};

/** What an application can refuse of what its dialects let through. */
export const leniencies = Object.freeze(Object.keys(known)) as readonly Leniency[];
