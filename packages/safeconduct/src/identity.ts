/**
 * Who is acting: the one noun that every step shares, and the one error class.
 *
 * @module
 */
export type { ErrorCode, ErrorDetails, TokenFault } from './core/identity/errors.ts';
export { errorCodes, SafeconductError } from './core/identity/errors.ts';
export type { Actor, Identity } from './core/identity/identity.ts';
