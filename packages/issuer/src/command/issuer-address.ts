/** Which issuer a command speaks to. */

import { usageProblem } from './problem.ts';
import type { Terminal } from './terminal.ts';

export const defaultIssuer = 'http://localhost:8080';

/** `--issuer`, else SAFECONDUCT_ISSUER, else this machine's. Throws unless tokens may be sent there. */
export function issuerAddress(flag: string | undefined, { environment }: Pick<Terminal, 'environment'>): string {
  const value = flag ?? (environment.SAFECONDUCT_ISSUER || defaultIssuer);
  const name = flag === undefined ? 'SAFECONDUCT_ISSUER' : '--issuer';
  const url = URL.parse(value);
  if (url === null || value.replace(/\/$/, '') !== url.origin)
    throw usageProblem(`${name} must be the address of an issuer, such as https://login.example: scheme, host and port alone.`);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url.hostname)))
    throw usageProblem(`${name} must begin with https://, because your token is sent there (http:// is for this computer only).`);
  return url.origin;
}

/** Whether a host name of a URL is this machine. */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}
