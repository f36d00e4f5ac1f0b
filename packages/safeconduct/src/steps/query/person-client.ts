import { LookAlike, lookingLike, type Maker } from './look-alike.ts';
import type { PersonQueryClass } from './person-query.ts';
import { PersonStream } from './person-stream.ts';
import type { Callback, PgQuery, Submittable } from './pg-shapes.ts';
import { traced } from './refusals.ts';
import { giveBack, type Session } from './session.ts';

export interface PersonClientParts {
  readonly session: Session;
  readonly Query: PersonQueryClass;
  /** Called when the client goes back to the pool. */
  readonly released: () => void;
}

const METHODS = [
  'emit',
  'listenerCount',
  'listeners',
  'escapeIdentifier',
  'escapeLiteral',
  'setTypeParser',
  'getTypeParser',
  'getTransactionStatus',
  'ref',
  'unref',
];
const made = new WeakMap<object, Maker<PersonClientParts, PersonClient>>();
const ignore = (): void => {};
const refuse = (): never => {
  throw new TypeError("a person's client is opened and closed by its pool: end it with release()");
};

/** A look-alike of a checked-out pg client on which every statement runs as the person. */
class PersonClient extends LookAlike {
  readonly #session: Session;
  readonly #Query: PersonQueryClass;
  readonly #released: () => void;
  #live = true;

  constructor({ session, Query, released }: PersonClientParts) {
    super(session.client);
    this.#session = session;
    this.#Query = Query;
    this.#released = released;
    session.client.on('error', ignore); // a killed backend fails the query; it must not end the process
  }

  query(config: unknown, values?: unknown, callback?: Callback): unknown {
    if (!this.#live) throw new Error("this client was released: a person's client ends with release()");
    if (config === null || config === undefined) throw new TypeError('Client was passed a null or undefined query');
    const { client } = this.#session;
    if (typeof (config as Partial<Submittable>).submit === 'function') {
      client.query(new PersonStream(this.#session, config as Submittable));
      return config;
    }
    return send(client, withTimeout(new this.#Query(this.#session, config, values, callback), config));
  }

  release(destroy?: boolean | Error): void {
    if (!this.#live) throw new Error('Release called on client which has already been released to the pool.');
    this.#live = false;
    this.#session.client.removeListener('error', ignore);
    this.#released();
    giveBack(this.#session, destroy);
  }

  connect(): never {
    return refuse();
  }

  end(): never {
    return refuse();
  }

  cancel(): never {
    return refuse();
  }
}

/** Makes the clients of one copy of pg. */
export function personClient(base: object): Maker<PersonClientParts, PersonClient> {
  const known = made.get(base);
  if (known !== undefined) return known;
  const make = lookingLike(PersonClient, base, { methods: METHODS, getters: ['processID'] });
  made.set(base, make);
  return make;
}

function send(client: Session['client'], query: PgQuery): unknown {
  if (query.callback !== undefined) return void client.query(query);
  return new Promise((resolve, reject) => {
    query.callback = (error, result) => {
      if (error) reject(traced(error));
      else resolve(result);
    };
    client.query(query);
  });
}

/** Carries pg's client-side timeout over to the query that goes out. */
export function withTimeout<Q extends object>(query: Q, config: unknown): Q {
  const { query_timeout } = config as { query_timeout?: number };
  return query_timeout === undefined ? query : Object.assign(query, { query_timeout });
}
