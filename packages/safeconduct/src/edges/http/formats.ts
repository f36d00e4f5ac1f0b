import type { TokenFault } from '../../core/identity/errors.ts';
import type { RefusalFacts, RefusalFormat } from '../../steps/protect/refusal.ts';

/**
 * Bodies of the form `{ code, description }`, with the words that Python resource protectors for Zitadel answer with:
 * for clients that read them already. Give it to an adapter as `format`.
 */
export const codeAndDescription: RefusalFormat = ({ code, error, description, missing, fault }) => {
  switch (code) {
    case 'token_missing':
      return { code: 'missing_authorization', description: "Missing 'Authorization' in headers." };
    case 'token_expired':
      return { code: 'invalid_token_expired', description: 'Token has expired.' };
    case 'token_invalid':
      // Only the provider can say that a token is not active.
      return { code: 'invalid_token', description: fault === 'inactive' ? 'Invalid token (active: false)' : description };
    case 'scope_missing':
    case 'role_missing':
      return { code: 'insufficient_scope', description: `Token has insufficient scope. Route requires: ${missing.join(' ')}` };
    default:
      return { code: error, description };
  }
};

/** Bodies of the form `{ detail }`, with the words of FastAPI-Azure-Auth up to version 5. Give it to an adapter as `format`. */
export const fastApiAzureAuth: RefusalFormat = (facts) => ({ detail: azureText(facts) });

/** Bodies of the form `{ detail: { error, message } }`, as FastAPI-Azure-Auth has them after version 5. Give it to an adapter as `format`. */
export const fastApiAzureAuthObject: RefusalFormat = (facts) => ({ detail: { error: facts.error, message: azureText(facts) } });

const azureTexts: Partial<Record<RefusalFacts['code'], string>> = {
  token_missing: 'Not authenticated',
  request_malformed: 'Invalid token format',
  token_malformed: 'Invalid token format',
  token_expired: 'Token signature has expired',
  guest_refused: 'Guest users not allowed',
  scope_missing: 'Required scope missing',
  provider_unreachable: 'Connection to Azure Entra ID is down. Unable to fetch provider configuration',
  unexpected: 'Unable to process token',
};

const azureFaults: Readonly<Record<TokenFault, string>> = {
  key: 'Unable to verify token, no signing keys found',
  claims: 'Token contains invalid claims',
  signature: 'Unable to validate token',
  inactive: 'Unable to validate token',
};

function azureText({ code, description, fault = 'signature' }: RefusalFacts): string {
  return code === 'token_invalid' ? azureFaults[fault] : (azureTexts[code] ?? description);
}
