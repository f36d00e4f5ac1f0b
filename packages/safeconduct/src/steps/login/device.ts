import { setTimeout as pause } from 'node:timers/promises';
import { SafeconductError } from '../../core/identity/errors.ts';
import { askDeviceGrant, type DeviceGrant, requestDeviceGrant } from '../../core/protocol/device.ts';
import { type Login, wiringOf } from './login.ts';
import { identify, type SignedIn } from './signed-in.ts';

/** How to wait for the person. */
export interface PollOptions {
  /** Ends the wait with its reason. */
  readonly signal?: AbortSignal | undefined;
}

const slowDownMs = 5_000;

/** Begins a sign-in that the person finishes on another device (RFC 8628). Show `userCode` and `verificationUri`, then poll. */
export function startDeviceLogin(login: Login): Promise<DeviceGrant> {
  return requestDeviceGrant(wiringOf(login));
}

/**
 * Waits until the person has finished, asking as often as the provider allows, and through its short outages.
 * Throws `login_timeout` when the code expired, `login_denied` when the person refused, or the reason of `signal`.
 */
export async function pollDeviceLogin(login: Login, device: DeviceGrant, { signal }: PollOptions = {}): Promise<SignedIn> {
  const client = wiringOf(login);
  let intervalMs = device.intervalMs;
  while (client.link.clock() + intervalMs < device.expiresAt.getTime()) {
    await waited(intervalMs, signal);
    const answer = await askDeviceGrant(client, device).catch(slowDownIfUnreachable);
    // RFC 8628 section 3.5: slow_down, and a connection that timed out, both ask for longer pauses.
    if (answer === 'slow_down') intervalMs += slowDownMs;
    if (typeof answer === 'string') continue;
    const identity = await identify(login, answer.tokens, {});
    return Object.freeze({ identity, tokens: answer.tokens, returnTo: '/' });
  }
  throw new SafeconductError('login_timeout', { message: 'the code has expired: begin again' });
}

function slowDownIfUnreachable(error: unknown): 'slow_down' {
  if (error instanceof SafeconductError && error.code === 'provider_unreachable') return 'slow_down';
  throw error;
}

async function waited(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await pause(ms, undefined, signal && { signal });
  } catch (error) {
    throw signal?.aborted ? signal.reason : error;
  }
}
