/** The pages that the engine asks for. It knows when one is due; what it looks like is not its business. */
import type { Client, ErrorOut, KoaContextWithOIDC } from 'oidc-provider';

/** What is known about the device that asked for a code, shown to the person who is asked to approve it. */
export interface DeviceOrigin {
  /** Address that the request came from. */
  readonly ip?: string;
  readonly userAgent?: string;
  /** Seconds since the epoch. */
  readonly askedAt?: number;
}

/**
 * Draws pages. Every method sets `ctx.type` and `ctx.body`, and keeps the status that is already set. `form` is a form of
 * the engine's with its hidden fields and without buttons; `ctx.oidc.session.state.secret` is the value of its `xsrf` field.
 */
export interface Screens {
  /** A request that cannot be answered by a redirect. `out` may be shown; `error` is for the log. */
  error(ctx: KoaContextWithOIDC, out: ErrorOut, error: Error): Promise<void>;
  /** Asks for the code that a device shows. After a mistake `out` and `error` say which. Sends `user_code` and `xsrf`. */
  deviceCode(ctx: KoaContextWithOIDC, form: string, out?: ErrorOut, error?: Error): Promise<void>;
  /** Asks whether this device may sign in. Sends `user_code`, `xsrf` and `confirm=yes`, or `abort=yes`. */
  deviceConfirm(ctx: KoaContextWithOIDC, form: string, client: Client, device: DeviceOrigin, userCode: string): Promise<void>;
  /** Says that the device is signed in and that this window may be closed. */
  deviceDone(ctx: KoaContextWithOIDC): Promise<void>;
  /** Asks whether to sign out. Sends `xsrf` and `logout=yes`. */
  signOut(ctx: KoaContextWithOIDC, form: string): Promise<void>;
  /** Says that the person is signed out. */
  signedOut(ctx: KoaContextWithOIDC): Promise<void>;
}
