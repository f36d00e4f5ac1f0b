/** The device grant (RFC 8628) beyond the engine: polling too fast, and guessing of user codes. */
import { type ErrorOut, errors, type KoaContextWithOIDC } from 'oidc-provider';
import type { Store } from '../store/database.ts';
import { artifactId } from './artifact.ts';
import { type Attempts, network } from './attempts.ts';
import type { DeviceOrigin, Screens } from './screens.ts';
import { POLLED } from './statements.ts';

export const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

/** What the person who approves is told about the device. */
export function deviceOrigin(ctx: KoaContextWithOIDC): Record<string, unknown> & DeviceOrigin {
  return { ip: ctx.ip, userAgent: ctx.get('user-agent').slice(0, 256), askedAt: Math.floor(Date.now() / 1000) };
}

/** Runs a poll; one that comes sooner than the interval is told to slow down. */
export async function paced(
  ctx: KoaContextWithOIDC,
  { store, interval }: { store: Store; interval: number },
  poll: () => Promise<void>,
): Promise<void> {
  try {
    await poll();
  } catch (error) {
    if (!(error instanceof errors.AuthorizationPending)) throw error;
    // A second of grace: the device counts from when it got our answer, we from when we got its question.
    const [polled] = await store.run<{ too_soon: boolean }>(POLLED, [
      artifactId('DeviceCode', String(ctx.oidc.params?.device_code)),
      interval - 1,
    ]);
    throw polled?.too_soon ? new errors.SlowDown() : error;
  }
}

/** Wrong user codes from one network that are answered before it has to wait. */
const GUESSES = { limit: 10, window: 600 };

/** Whether a network guessed too often. While it has to wait, no code of its is looked up. */
export function guessedTooOften(ctx: KoaContextWithOIDC, attempts: Attempts): Promise<boolean> {
  return attempts.exhausted(bucket(ctx), GUESSES);
}

/** Asks for the code again after a mistake, and counts codes that do not exist. */
export async function askAgain(
  ctx: KoaContextWithOIDC,
  { screens, attempts }: { screens: Screens; attempts: Attempts },
  { form, out, error }: { form: string; out: ErrorOut; error: Error },
): Promise<void> {
  if (error.name === 'NotFoundError') await attempts.failed(bucket(ctx), GUESSES);
  if (!(await guessedTooOften(ctx, attempts))) return screens.deviceCode(ctx, form, out, error);
  const waits = new TooManyCodes();
  ctx.status = 429;
  return screens.deviceCode(ctx, form, { error: 'access_denied', error_description: waits.message }, waits);
}

/** Too many codes that do not exist came from this network. */
export class TooManyCodes extends Error {
  override readonly name = 'TooManyCodes';
  constructor() {
    super('Too many wrong codes. Wait ten minutes, then start again on the device.');
  }
}

const bucket = (ctx: KoaContextWithOIDC): string => `user code|${network(ctx.ip)}`;
