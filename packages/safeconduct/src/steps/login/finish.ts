import { exchangeCode } from '../../core/protocol/client.ts';
import { readCallback } from '../../core/protocol/front-channel.ts';
import { type Login, wiringOf } from './login.ts';
import { identify, type SignedIn } from './signed-in.ts';
import { checkTransaction, type LoginTransaction } from './transaction.ts';

/**
 * Finishes a sign-in: checks the transaction, `state` and `iss` before the code is sent, exchanges the code, and
 * verifies the ID token whole (OpenID Connect Core section 3.1.3.7). The caller makes sure that a transaction is used once.
 *
 * Throws `login_transaction_missing`, `login_state_mismatch`, `login_issuer_mismatch`, `login_denied`, `code_exchange_failed`,
 * `id_token_invalid`, `provider_unreachable` or `provider_invalid`.
 */
export async function finishLogin(login: Login, callback: URL, transaction: LoginTransaction): Promise<SignedIn> {
  const client = wiringOf(login);
  checkTransaction(transaction, client);
  const { redirectUri, verifier, nonce, maxAge, acrValues, returnTo } = transaction;
  const parameters = await readCallback(client, callback, transaction.state);
  const tokens = await exchangeCode(client, { callback: parameters, redirectUri, verifier });
  const identity = await identify(login, tokens, { nonce, maxAge, acrValues });
  return Object.freeze({ identity, tokens, returnTo });
}
