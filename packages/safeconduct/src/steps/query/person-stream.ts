import type { PgConnection, PgError, Submittable } from './pg-shapes.ts';
import { bindingFailed, refused } from './refusals.ts';
import { needsBinding, noteCommand, type Session, writeBinding } from './session.ts';
import { refusal } from './statements.ts';

type Inner = Submittable & { readonly _result?: object; readonly cursor?: { readonly text?: string } };

/** Puts the binding in front of a cursor or a stream, and hides the binding's answers from it. */
export class PersonStream implements Submittable {
  readonly #session: Session;
  readonly #inner: Inner;
  #binding = false;

  constructor(session: Session, inner: Submittable) {
    this.#session = session;
    this.#inner = inner;
  }

  /** pg puts the client's type parsers there. */
  get _result(): object | undefined {
    return this.#inner._result;
  }

  /** pg books a ParseComplete on name and text; the only named statement here is the binding. */
  get name(): string | undefined {
    return this.#binding ? this.#session.binding.name : undefined;
  }

  get text(): string {
    return this.#binding ? this.#session.binding.text : this.#text;
  }

  get #text(): string {
    return this.#inner.text ?? this.#inner.cursor?.text ?? '';
  }

  submit(connection: PgConnection): Error | null | undefined {
    const reason = refusal(this.#text);
    if (reason !== undefined) return refused(reason);
    const { query } = connection;
    connection.query = () => {
      throw new TypeError('a bound client takes cursors and streams of the extended protocol only');
    };
    const restore = this.#bindBeforeParse(connection);
    connection.stream.cork?.();
    try {
      return this.#inner.submit(connection);
    } catch (error) {
      return error as Error;
    } finally {
      connection.query = query;
      restore();
      connection.stream.uncork?.();
    }
  }

  // The binding goes out with the first message, so that a refused submittable has sent nothing.
  #bindBeforeParse(connection: PgConnection): () => void {
    const { parse } = connection;
    const restore = (): void => {
      connection.parse = parse;
    };
    connection.parse = (message) => {
      restore();
      this.#binding = needsBinding(this.#session, this.#text);
      if (this.#binding) writeBinding(connection, this.#session.binding);
      connection.parse(message);
    };
    return restore;
  }

  handleDataRow(message: object): void {
    if (!this.#binding) this.#inner.handleDataRow(message);
  }

  handleCommandComplete(message: { text: string }, connection: PgConnection): void {
    if (this.#binding) {
      this.#binding = false;
      this.#session.bound = true;
      return;
    }
    noteCommand(this.#session, message.text, this.#text);
    this.#inner.handleCommandComplete(message, connection);
  }

  handleError(error: PgError, connection: PgConnection): void {
    if (!this.#binding) {
      this.#inner.handleError(error, connection);
      return;
    }
    this.#binding = false;
    this.#session.stain ??= 'an identity that could not be set';
    this.#inner.handleError(bindingFailed(error), connection);
  }

  handleRowDescription(message: object): void {
    this.#inner.handleRowDescription(message);
  }

  handlePortalSuspended(connection: PgConnection): void {
    this.#inner.handlePortalSuspended(connection);
  }

  handleEmptyQuery(connection: PgConnection): void {
    this.#inner.handleEmptyQuery(connection);
  }

  handleReadyForQuery(connection: PgConnection): void {
    this.#inner.handleReadyForQuery(connection);
  }
}
