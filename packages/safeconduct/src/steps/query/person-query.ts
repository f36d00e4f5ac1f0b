import { hangUpBeyond } from './hang-up.ts';
import type { Callback, PgConnection, PgError, PgQuery, PgQueryClass } from './pg-shapes.ts';
import { nameOf, rename } from './prepared.ts';
import { bindingFailed, refused } from './refusals.ts';
import { inTransaction, needsBinding, noteCommand, type Session, writeBinding } from './session.ts';
import { refusal, untrustedRefusal } from './statements.ts';

export type PersonQueryClass = new (session: Session, config: unknown, values?: unknown, callback?: Callback) => PgQuery;

const made = new WeakMap<PgQueryClass, PersonQueryClass>();

/** Extends the user's own Query class (their copy of pg): the statement goes out behind the binding, on the same Sync. */
export function personQuery(Query: PgQueryClass): PersonQueryClass {
  const known = made.get(Query);
  if (known !== undefined) return known;

  class PersonQuery extends Query {
    readonly #session: Session;
    readonly #automatic: boolean;
    #binding = false;
    #own: { readonly name: string | undefined; readonly text: string } = { name: undefined, text: '' };
    #bytes = 0;
    #again = false;
    #stopWatching: (() => void) | undefined;

    constructor(session: Session, config: unknown, values?: unknown, callback?: Callback) {
      super(config, values, callback);
      this.#session = session;
      this.#automatic = session.binding.prepares && !this.name && typeof this.text === 'string' && !Array.isArray(this.types);
      if (this.#automatic) this.name = nameOf(this.text);
    }

    // The extended protocol takes one statement only: the server refuses "select 1; reset role".
    override requiresPreparation(): boolean {
      return true;
    }

    override submit(connection: PgConnection): Error | null | undefined {
      // A name alone would run what somebody else has prepared on this connection.
      if (typeof this.text !== 'string') return refused('a statement that runs as a person comes with its text');
      const reason = this.#session.binding.limits === undefined ? refusal(this.text) : untrustedRefusal(this.text);
      return reason === undefined ? super.submit(connection) : refused(reason);
    }

    override prepare(connection: PgConnection): void {
      const first = needsBinding(this.#session, this.text);
      if (first) writeBinding(connection, this.#session.binding);
      this.#prepareQuery(connection);
      if (!first) return;

      // pg books a ParseComplete on the active query's name and text; the first one belongs to the binding.
      this.#binding = true;
      this.#own = { name: this.name, text: this.text };
      this.name = this.#session.binding.name;
      this.text = this.#session.binding.text;
    }

    override _getRows(connection: PgConnection, rows: number | undefined): void {
      const { limits } = this.#session.binding;
      if (limits === undefined) {
        super._getRows(connection, rows);
        return;
      }
      this.#stopWatching = hangUpBeyond(limits.bytes, connection, () => {
        this.#session.stain ??= 'an answer that was too long';
        this._canceledDueToError ||= tooLong(limits.bytes);
        super.handleError(this._canceledDueToError, connection);
      });
      connection.execute({ portal: this.portal, rows: limits.rows + 1 });
      connection.sync();
    }

    override handlePortalSuspended(connection: PgConnection): void {
      const { limits } = this.#session.binding;
      if (limits === undefined) super.handlePortalSuspended(connection);
      else this._canceledDueToError ||= refused(`the answer has more than ${limits.rows} rows: ask for fewer with WHERE or LIMIT`);
    }

    override handleDataRow(message: object): void {
      if (this.#binding) return;
      const { limits } = this.#session.binding;
      if (limits !== undefined) this.#weigh(message, limits.bytes);
      super.handleDataRow(message);
    }

    override handleCommandComplete(message: { text: string }, connection: PgConnection): void {
      if (this.#binding) {
        this.#leaveBinding();
        return;
      }
      noteCommand(this.#session, message.text, this.text);
      super.handleCommandComplete(message, connection);
    }

    override handleReadyForQuery(connection: PgConnection): void {
      this.#stopWatching?.();
      super.handleReadyForQuery(connection);
    }

    override handleError(error: PgError, connection: PgConnection): void {
      this.#stopWatching?.();
      if (this.#binding) this.#failBinding(error, connection);
      else if (!this.#planIsStale(error)) super.handleError(error, connection);
      else this.#runAgain(error, connection);
    }

    // "Cached plan must not change result type": a statement that fails with 0A000 by itself comes from another routine.
    #planIsStale(error: PgError): boolean {
      return this.#automatic && !this.#again && error.code === '0A000' && error.routine === 'RevalidateCachedQuery';
    }

    // A table has changed under a plan of ours. The statement has not run: outside of a transaction it can, under a fresh name.
    #runAgain(error: PgError, connection: PgConnection): void {
      if (nameOf(this.text) === this.name) rename(this.text);
      if (inTransaction(this.#session.client)) {
        super.handleError(error, connection);
        return;
      }
      this.#again = true;
      this.name = nameOf(this.text);
      this.#session.client._queryQueue.unshift(this);
    }

    #failBinding(error: PgError, connection: PgConnection): void {
      this.#binding = false;
      const { name } = this.#own;
      if (name !== undefined) delete connection.submittedNamedStatements[name];
      this.#session.stain ??= 'an identity that could not be set';
      super.handleError(bindingFailed(error), connection);
    }

    #leaveBinding(): void {
      this.#binding = false;
      this.name = this.#own.name;
      this.text = this.#own.text;
      this.#session.bound = true;
    }

    #weigh(message: object, most: number): void {
      this.#bytes += (message as { length?: number }).length ?? 0;
      if (this.#bytes > most) this._canceledDueToError ||= tooLong(most);
    }

    // Drizzle's `types` is an object of parsers; pg sends it on as parameter types, and PGlite chokes on it.
    #prepareQuery(connection: PgConnection): void {
      const { types } = this;
      if (!Array.isArray(types)) this.types = undefined;
      super.prepare(connection);
      this.types = types;
    }
  }
  made.set(Query, PersonQuery);
  return PersonQuery;
}

function tooLong(most: number): Error {
  return refused(`the answer has more than ${most} bytes: ask for fewer rows or columns`);
}
