import { SafeconductError } from '../identity/errors.ts';
import type { Clock } from './clock.ts';

/** Keeps questions from a provider that could not answer the last one. */
export interface Cooldown {
  /** Throws what the last attempt threw while it is too early for another one, or while another one is under way. */
  assertOver(): void;
  /** Tells how an attempt ended: with what nobody would fare better, or well. */
  ended(failure: SafeconductError | undefined): void;
}

const cooldownMs = 5_000;

/** One attempt in five seconds, for all who wait, until one succeeds. */
export function createCooldown(clock: Clock): Cooldown {
  let failure: SafeconductError | undefined;
  let closedUntil = 0;

  return {
    assertOver() {
      if (failure === undefined) return;
      const { code, message, cause } = failure;
      const wait = closedUntil - clock();
      // A longer wait than any that began here means that the clock was set back.
      if (wait > 0 && wait <= cooldownMs) throw new SafeconductError(code, { message, cause });
      // Whoever comes first tries; the others are told what was so a moment ago, until that attempt ended or took too long.
      closedUntil = clock() + cooldownMs;
    },
    ended(latest) {
      failure = latest;
      closedUntil = clock() + cooldownMs;
    },
  };
}
