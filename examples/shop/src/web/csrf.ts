import { createHmac, timingSafeEqual } from 'node:crypto';

/** Ties a form to the session that it was shown in. */
export interface Csrf {
  tokenFor(session: string): string;
  fits(session: string, token: unknown): boolean;
}

export function createCsrf(secret: string): Csrf {
  const tokenFor = (session: string) => createHmac('sha256', secret).update(session).digest('base64url');
  return {
    tokenFor,
    fits(session, token) {
      const expected = Buffer.from(tokenFor(session));
      const given = Buffer.from(typeof token === 'string' ? token : '');
      return given.length === expected.length && timingSafeEqual(given, expected);
    },
  };
}
