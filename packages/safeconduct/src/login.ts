/**
 * Signs people in, and gives the identity that everything after takes as its first argument.
 *
 * `createLogin` describes your application at a provider. Around it stand pairs: `startLogin` and `finishLogin` for the
 * browser (`createWebLogin` keeps a session around them), `startDeviceLogin` and `pollDeviceLogin` for devices without one, `revealTokens` and `resumeLogin` for a store of your own.
 *
 * @module
 */
export type { Claims } from './core/identity/claims.ts';
export type { Clock } from './core/protocol/clock.ts';
export type { DeviceGrant } from './core/protocol/device.ts';
export type { Fetch } from './core/protocol/fetch.ts';
export type { Secret } from './core/protocol/secret.ts';
export type { StoredTokens, Tokens } from './core/protocol/tokens.ts';
export { revealTokens } from './core/protocol/tokens.ts';
export type { PollOptions } from './steps/login/device.ts';
export { pollDeviceLogin, startDeviceLogin } from './steps/login/device.ts';
export { finishLogin } from './steps/login/finish.ts';
export type { Login, LoginOptions } from './steps/login/login.ts';
export { createLogin } from './steps/login/login.ts';
export { refreshLogin, resumeLogin } from './steps/login/refresh.ts';
export type { SignOutRequest } from './steps/login/sign-out.ts';
export { fetchUserinfo, revokeTokens, signOutUrl } from './steps/login/sign-out.ts';
export type { SignedIn } from './steps/login/signed-in.ts';
export type { StartedLogin, StartOptions } from './steps/login/start.ts';
export { startLogin } from './steps/login/start.ts';
export type { LoginTransaction } from './steps/login/transaction.ts';
export { memorySessions } from './steps/login/web/memory-sessions.ts';
export type { PostgresSessions, SessionPool } from './steps/login/web/postgres-sessions.ts';
export { postgresSessions, sessionsSchema } from './steps/login/web/postgres-sessions.ts';
export type { ProviderSession, SessionStore, StoredSession } from './steps/login/web/session-store.ts';
export type { WebSession } from './steps/login/web/sessions.ts';
export type { WebLogin, WebLoginOptions } from './steps/login/web/web-login.ts';
export { createWebLogin } from './steps/login/web/web-login.ts';
export type { LoginEvent } from './steps/login/web/wiring.ts';
