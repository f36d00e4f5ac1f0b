import { SafeconductError } from '../../core/identity/errors.ts';
import type { Binding } from './binding.ts';
import { LookAlike, lookingLike, type Maker } from './look-alike.ts';
import { personClient, withTimeout } from './person-client.ts';
import { type PersonQueryClass, personQuery } from './person-query.ts';
import type { Callback, PgClient, PgPool } from './pg-shapes.ts';
import { orderly, refused, traced } from './refusals.ts';
import { createSession, giveBack, inTransaction, type Session } from './session.ts';

type Done<T> = (error: Error | undefined, client?: T, release?: (destroy?: boolean) => void) => void;

export interface PersonPoolParts {
  readonly pool: PgPool;
  readonly binding: Binding;
  /** Milliseconds to wait for a connection while this person's own client is out. */
  readonly patience: number;
  /** Looks at the server before SQL that nobody trusts runs there. */
  readonly gate: Gate | undefined;
}

/** Calls back with an error when the server is not fit, with nothing when it is. */
export type Gate = (done: (error?: Error) => void) => void;

const GETTERS = ['Client', 'options', 'totalCount', 'idleCount', 'waitingCount', 'expiredCount', 'ending', 'ended'];
const made = new WeakMap<object, WeakMap<object, Maker<PersonPoolParts, LookAlike>>>();

/** A look-alike of a pg.Pool that hands out nothing but the person. */
class PersonPool extends LookAlike {
  readonly #parts: PersonPoolParts;
  readonly #Query: PersonQueryClass;
  #out = 0; // this person's clients that are not back yet

  constructor(parts: PersonPoolParts) {
    super(parts.pool);
    this.#parts = parts;
    this.#Query = personQuery(parts.pool.Client.Query);
  }

  query(config: unknown, values?: unknown, callback?: Callback): unknown {
    assertQuery(config);
    if (typeof values === 'function') return this.#pass({ config, values: undefined }, values as Callback);
    if (callback !== undefined) return this.#pass({ config, values }, callback);
    return new Promise((resolve, reject) =>
      this.#pass({ config, values }, (error, result) => {
        if (error) reject(traced(error));
        else resolve(result);
      }),
    );
  }

  connect(done?: Done<object>): unknown {
    if (done === undefined) {
      return new Promise((resolve, reject) =>
        this.connect((error, client) => {
          if (error) reject(error);
          else resolve(client);
        }),
      );
    }
    if (this.#parts.gate !== undefined) return done(refused('SQL that nobody trusts runs one statement at a time: use query()'));
    return this.#acquire((error, client) => {
      if (client === undefined) return done(error);
      this.#out += 1;
      const makeClient = personClient(this.#parts.pool.Client.prototype);
      const released = (): void => {
        this.#out -= 1;
      };
      const face = makeClient({ session: createSession(client, this.#parts.binding), Query: this.#Query, released });
      done(undefined, face, (destroy) => face.release(destroy));
    });
  }

  /** Closes nothing: the pool behind belongs to everybody. */
  async end(done?: () => void): Promise<void> {
    done?.();
  }

  #pass(ask: Ask, callback: Callback): void {
    const { gate } = this.#parts;
    if (gate === undefined) {
      this.#run(ask, callback);
      return;
    }
    gate((error) => {
      if (error === undefined) this.#run(ask, callback);
      else callback(error);
    });
  }

  #run(ask: Ask, callback: Callback): void {
    this.#acquire((error, client) => {
      if (client === undefined) callback(error);
      else runOnce(createSession(client, this.#parts.binding), { ask, Query: this.#Query, callback });
    });
  }

  // A pool that is used inside its own transaction would wait for itself: say so instead.
  #acquire(done: Done<PgClient>): void {
    const { pool, patience } = this.#parts;
    if (this.#out === 0 || pool.idleCount > 0 || pool.totalCount < pool.options.max) {
      pool.connect(done);
      return;
    }
    const timer = setTimeout(() => {
      late = true;
      done(noConnection(pool.options.max, this.#out));
    }, patience);
    let late = false;
    pool.connect((error, client) => {
      clearTimeout(timer);
      if (late) client?.release();
      else done(error, client);
    });
  }
}

/** Makes the pools of one pool class and copy of pg. */
export function personPool(pool: PgPool): Maker<PersonPoolParts, LookAlike> {
  const base = Object.getPrototypeOf(pool) as object;
  const ofBase = made.get(base) ?? new WeakMap<object, Maker<PersonPoolParts, LookAlike>>();
  const known = ofBase.get(pool.Client);
  if (known !== undefined) return known;
  const make = lookingLike(PersonPool, base, { methods: ['emit', 'listenerCount', 'listeners'], getters: GETTERS });
  made.set(base, ofBase.set(pool.Client, make));
  return make;
}

interface Ask {
  readonly config: unknown;
  readonly values: unknown;
}

/** Runs one statement on a connection and gives the connection back. */
function runOnce(session: Session, { ask, Query, callback }: { ask: Ask; Query: PersonQueryClass; callback: Callback }): void {
  const { client } = session;
  let settled = false;
  const settle: Callback = (problem, result) => {
    if (settled) return;
    settled = true;
    client.removeListener('error', settle);
    const error = problem ?? misuse(session);
    giveBack(session, problem != null && !orderly(problem) ? problem : undefined);
    callback(error, result);
  };
  client.on('error', settle);
  if (inTransaction(client)) {
    settle(new SafeconductError('connection_unavailable', { message: OPEN_TRANSACTION }));
    return;
  }
  try {
    client.query(withTimeout(new Query(session, ask.config, ask.values, settle), ask.config));
  } catch (problem) {
    settle(problem as Error);
  }
}

const OPEN_TRANSACTION =
  'the pool handed out a connection with an open transaction, which was closed: commit or roll back before release()';

function assertQuery(config: unknown): void {
  if (config === null || config === undefined) throw new TypeError('Client was passed a null or undefined query');
  if (typeof config === 'function' || typeof (config as { submit?: unknown }).submit === 'function') {
    throw new TypeError('pass text or a query configuration; cursors and streams need connect()');
  }
}

function misuse({ client, stain }: Session): SafeconductError | undefined {
  if (client.getTransactionStatus() === 'T') return refused('a transaction needs connect(): this one was rolled back');
  return stain === undefined ? undefined : refused(`${stain} may not run as a person: its connection was closed`);
}

function noConnection(max: number, out: number): SafeconductError {
  const message = `no connection was free (${max} in the pool) while ${out} client(s) of this same person are open: inside a transaction use its client, not the pool`;
  return new SafeconductError('connection_unavailable', { message });
}
