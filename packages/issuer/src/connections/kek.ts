/** What wraps the data keys of the vault: a key-encryption key, here or in a key management service. */

/** A key that wraps data keys. It may be out of reach: both methods then throw {@link KekUnavailable}. */
export interface Kek {
  /** Stands beside every key that it wrapped, such as `key:1f0c99aa` or `aws-kms:alias/vault`. No secret. */
  readonly id: string;
  /** `context` says what the key is for; it is bound to the result. */
  wrap(key: Buffer, context: string): Promise<string>;
  /** Throws when `wrapped` was changed, belongs to another context or another key. */
  unwrap(wrapped: string, context: string): Promise<Buffer>;
}

export interface Keks {
  /** Wraps what is new. */
  readonly current: Kek;
  /** The key that wrapped something; undefined when it is not among those given. */
  find(id: string): Kek | undefined;
}

/** The key did not answer, or not in time. Nothing is wrong with what it wrapped: try again. */
export class KekUnavailable extends Error {
  override readonly name = 'KekUnavailable';
}
