/** A guard and a provider that lies on demand, for the tests beside this file. */
import { afterEach, beforeEach } from 'node:test';
import { type ScriptedProvider, startScriptedProvider } from '@safeconduct/test-support/scripted-provider';
import type { ErrorCode } from '../../core/identity/errors.ts';
import { generic } from '../../core/providers/generic.ts';
import { type Guard, type ProtectOptions, protect } from './protect.ts';

export const audience = 'https://api.example';
/** Made anew for each test. */
export const world = {} as { provider: ScriptedProvider; time: number; guard: Guard };

export const guardWith = (options: Partial<ProtectOptions> = {}): Guard =>
  protect({ provider: generic({ issuer: world.provider.issuer }), audience, clock: () => world.time, ...options });

beforeEach(async () => {
  world.time = Date.now();
  world.provider = await startScriptedProvider();
  world.guard = guardWith();
});
afterEach(() => world.provider.close());

export const now = () => Math.floor(world.time / 1000);
export const claims = (changes: Record<string, unknown> = {}) => ({
  iss: world.provider.issuer,
  sub: 'ada',
  aud: audience,
  client_id: 'shop',
  scope: 'openid orders:read',
  roles: ['customer'],
  org_id: 'acme',
  sid: 'sid-1',
  iat: now(),
  exp: now() + 600,
  jti: crypto.randomUUID(),
  ...changes,
});
export const sign = (changes?: Record<string, unknown>, header: Record<string, unknown> = {}) =>
  world.provider.sign(claims(changes), { typ: 'at+jwt', ...header });
export const bearing = (token: string) => new Request(audience, { headers: { authorization: `Bearer ${token}` } });
export const call = (token: string, at = world.guard) => at(bearing(token));
/** Makes the guard know a token: the first time it may have to fetch the keys, and remembers nothing yet. */
export const makeKnown = async (token: string, at = world.guard) => {
  await call(token, at);
  return call(token, at);
};
export const jwksCalls = () => world.provider.calls.get('/jwks') ?? 0;
export const refusedAs = (code: ErrorCode, message?: RegExp) => ({ code, ...(message && { message }) });
