import { SafeconductError } from '../../core/identity/errors.ts';
import { printable } from './printable.ts';

/**
 * One line for a log or a terminal: `Authentication failed code=login_timeout reason="…"`. No stack, and no text of an
 * error that is not ours, because it could hold a token.
 */
export function failureLine(error: unknown): string {
  const { code, reason } = describe(error);
  return `Authentication failed code=${code} reason=${JSON.stringify(printable(reason))}`;
}

function describe(error: unknown): { readonly code: string; readonly reason: string } {
  if (error instanceof SafeconductError) return { code: error.code, reason: error.message };
  if (error instanceof TypeError) return { code: 'misconfigured', reason: error.message };
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return { code: 'unexpected', reason: /^E[A-Z]{2,20}$/.test(code) ? `the system answered ${code}` : 'an error that should not happen' };
}
