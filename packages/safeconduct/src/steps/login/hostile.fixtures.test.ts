/** A sign-in at a provider that lies on demand, for the tests beside this file. */
import { afterEach, beforeEach } from 'node:test';
import { type ScriptedProvider, startScriptedProvider } from '@safeconduct/test-support/scripted-provider';
import type { ErrorCode } from '../../core/identity/errors.ts';
import { generic } from '../../core/providers/generic.ts';
import { finishLogin } from './finish.ts';
import { createLogin, type LoginOptions } from './login.ts';
import { type StartOptions, startLogin } from './start.ts';

export const redirectUri = 'http://127.0.0.1:4999/callback';
export let provider: ScriptedProvider;

beforeEach(async () => {
  provider = await startScriptedProvider();
});
afterEach(() => provider.close());

export const loginAt = (options: Partial<LoginOptions> = {}) =>
  createLogin({ provider: generic({ issuer: provider.issuer }), clientId: 'shop', redirectUri, scopes: ['openid'], ...options });

export async function signIn(
  options: { login?: Partial<LoginOptions>; start?: StartOptions; answer?: Record<string, string | undefined> } = {},
) {
  const login = loginAt(options.login);
  const { url, transaction } = await startLogin(login, options.start);
  return finishLogin(login, provider.answer(url, options.answer), transaction);
}

export const refusedAs = (code: ErrorCode, message?: RegExp) => ({ name: 'SafeconductError', code, ...(message && { message }) });
export const tokenRequests = () => provider.calls.get('/token') ?? 0;
