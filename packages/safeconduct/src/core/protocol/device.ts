import * as oauth from 'oauth4webapi';
import { SafeconductError } from '../identity/errors.ts';
import { type ClientLink, call, guarded, resourceOf } from './client.ts';
import { isOutage, isSafeUrl } from './fetch.ts';
import { Secret } from './secret.ts';
import { errorCodeOf, readJson, readTokenAnswer, type Tokens } from './tokens.ts';

/** A sign-in that the person finishes on another device: RFC 8628 section 3.2. */
export interface DeviceGrant {
  readonly deviceCode: Secret;
  /** What the person types. */
  readonly userCode: string;
  /** Where they type it. */
  readonly verificationUri: URL;
  /** The same with the code filled in. */
  readonly verificationUriComplete?: URL;
  readonly expiresAt: Date;
  /** How long to wait between two questions. */
  readonly intervalMs: number;
}

/** How one question was answered. */
export type DeviceAnswer = { readonly tokens: Tokens } | 'pending' | 'slow_down';

/** Begins a device grant. Throws `provider_invalid` if the provider has none. */
export async function requestDeviceGrant(client: ClientLink): Promise<DeviceGrant> {
  const { metadata, self, auth, options } = await call(client);
  if (metadata.device_authorization_endpoint === undefined) {
    throw new SafeconductError('provider_invalid', { message: 'the provider has no device authorization endpoint' });
  }
  const parameters = { scope: client.scopes.join(' '), ...resourceOf(client) };
  const response = await guarded(() => oauth.deviceAuthorizationRequest(metadata, self, auth, parameters, options));
  const body = await readJson(response);
  if (isOutage(response))
    throw new SafeconductError('provider_unreachable', { message: `device authorization answered ${response.status}` });
  if (response.status !== 200) {
    throw new SafeconductError('login_denied', { message: `device authorization was refused: ${errorCodeOf(body) ?? response.status}` });
  }
  return readGrant(body ?? {}, client.link.clock());
}

function readGrant(body: Readonly<Record<string, unknown>>, now: number): DeviceGrant {
  const { device_code: deviceCode, user_code: userCode, expires_in: seconds, interval = 5 } = body;
  const verificationUri = safeUrl(body.verification_uri);
  const complete = safeUrl(body.verification_uri_complete);
  const sound =
    typeof deviceCode === 'string' && typeof userCode === 'string' && typeof seconds === 'number' && typeof interval === 'number';
  if (!sound || verificationUri === undefined || !/^[\x21-\x7e]{1,64}$/.test(userCode)) {
    throw new SafeconductError('provider_invalid', { message: 'device authorization answered without a usable code or address' });
  }
  return {
    deviceCode: new Secret(deviceCode),
    userCode,
    verificationUri,
    ...(complete && { verificationUriComplete: complete }),
    expiresAt: new Date(now + Math.min(seconds, 3_600) * 1000),
    intervalMs: Math.max(interval, 0) * 1000,
  };
}

/** Asks once whether the person has finished: RFC 8628 section 3.5. Throws `login_denied` or `login_timeout` when it is over. */
export async function askDeviceGrant(client: ClientLink, { deviceCode }: DeviceGrant): Promise<DeviceAnswer> {
  const { metadata, self, auth, options } = await call(client);
  const response = await guarded(() => oauth.deviceCodeGrantRequest(metadata, self, auth, deviceCode.reveal(), options));
  const error = response.status === 200 ? undefined : errorCodeOf(await readJson(response.clone()));
  if (error === 'authorization_pending') return 'pending';
  if (error === 'slow_down') return 'slow_down';
  if (error === 'expired_token') throw new SafeconductError('login_timeout', { message: 'the code has expired: begin again' });
  const tokens = await readTokenAnswer(response, {
    refusal: 'login_denied',
    label: 'Sign-in failed',
    scopes: client.scopes,
    now: client.link.clock(),
  });
  return { tokens };
}

function safeUrl(value: unknown): URL | undefined {
  if (typeof value !== 'string' || !URL.canParse(value)) return undefined;
  const url = new URL(value);
  return isSafeUrl(url) ? url : undefined;
}
