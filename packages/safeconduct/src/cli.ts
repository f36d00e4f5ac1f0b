/**
 * Signs people in to command line programs.
 *
 * `signIn` gives the stored sign-in, renewed by one process at a time, or asks: in a browser that comes back to this
 * machine, or by the device grant where no browser can. `signOut` ends it here and at the provider.
 *
 * ```ts
 * import { env } from 'node:process';
 * import { failureLine, signIn } from 'safeconduct/cli';
 * import { createLogin } from 'safeconduct/login';
 * import { safeconduct } from 'safeconduct/providers';
 *
 * const login = createLogin({
 *   provider: safeconduct({ issuer: 'http://localhost:8080' }),
 *   clientId: 'shop-terminal',
 *   redirectUri: 'http://127.0.0.1/callback',
 *   scopes: ['openid', 'offline_access'],
 * });
 * try {
 *   const { identity } = await signIn(login, { environment: env });
 *   console.log(`Signed in as ${identity.subject}`);
 * } catch (error) {
 *   console.error(failureLine(error));
 *   process.exitCode = 1;
 * }
 * ```
 *
 * @module
 */
export { failureLine } from './edges/cli/failure.ts';
export type { SignInOptions, StorageOptions } from './edges/cli/sign-in.ts';
export { signIn } from './edges/cli/sign-in.ts';
export type { SignOutOutcome } from './edges/cli/sign-out.ts';
export { signOut } from './edges/cli/sign-out.ts';
export type { Environment } from './edges/cli/surroundings.ts';
export type { SignInStep } from './edges/cli/telling.ts';
export { linesOf } from './edges/cli/telling.ts';
