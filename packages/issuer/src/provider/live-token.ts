/** What is known about a token that is still good. */
import type { Row } from '../store/database.ts';
import type { AccountRow } from './account-row.ts';

export interface LiveToken {
  readonly kind: 'jwt' | 'opaque' | 'refresh' | 'personal';
  /** Seconds since a refresh token got its successor, by the database's clock; undefined while it has none. */
  readonly usedFor: number | undefined;
  readonly subject: string;
  /** Who it was issued to; undefined for a person's personal access token, which no application ever had. */
  readonly client: string | undefined;
  /** Resource indicators of the APIs it is for. */
  readonly audience: readonly string[];
  readonly scopes: readonly string[];
  /** The jti of a JWT, the id of a personal access token, the value of any other. */
  readonly id: string;
  readonly expiresAt: number;
  readonly issuedAt: number | undefined;
  /** Claims beyond the registered ones. */
  readonly extra: Row;
  readonly grantId: string | undefined;
  /** Payload of the grant behind it; undefined for a token that an application got for itself. */
  readonly grant: Row | undefined;
  /** The bearer as it is now; undefined for an application that is no service user. */
  readonly bearer: AccountRow | undefined;
  /** The bearer or the application is disabled. */
  readonly suspended: boolean;
}

export interface Asking {
  /** The audience that asks: a personal access token counts as used when it is shown to an API that it is for. */
  readonly audience?: string | undefined;
}
