/**
 * Rows that this person may see: a `pg.Pool` that runs every statement as a verified identity, and the PostgreSQL side
 * of it.
 *
 * `asUser(identity, pool)` is the step. `withUser` is its twin for postgres.js. `installQuery` puts the SQL functions,
 * the role and the revokes into a database; `checkDatabase` refuses a database that would not separate people;
 * `describeDatabaseError` tells a user or a model what went wrong without telling what the database said.
 *
 * @module
 */
export type { AsUserOptions } from './steps/query/as-user.ts';
export { asUser } from './steps/query/as-user.ts';
export type { CheckDatabaseOptions, CheckedPool, DatabaseReport } from './steps/query/check-database.ts';
export { checkDatabase } from './steps/query/check-database.ts';
export type { DatabaseErrorCode, DatabaseErrorDescription } from './steps/query/describe-error.ts';
export { describeDatabaseError } from './steps/query/describe-error.ts';
export type { DatabaseFinding, DatabaseFindingCode } from './steps/query/findings.ts';
export type { InstallQueryOptions, QueryInstallation, SqlRunner } from './steps/query/install.ts';
export { installQuery } from './steps/query/install.ts';
export type { UntrustedLimits } from './steps/query/limits.ts';
export type { PostgresJs, TransactionOf, WithUserOptions } from './steps/query/with-user.ts';
export { withUser } from './steps/query/with-user.ts';
