/** Password hashing: argon2id off the main thread, as PHC strings, a bounded number at a time. */
import { argon2, pbkdf2, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';
import { formatPhc, type Phc, type PhcSettings, parsePhc } from './phc.ts';

/** A secret mixed into every hash and kept outside the database. `id` says which one made a hash. */
export interface Pepper {
  readonly id: string;
  readonly key: Uint8Array;
}

export interface PasswordOptions {
  /** The first one is used for new hashes, all of them for checking. Default: none. */
  readonly peppers?: readonly Pepper[];
  /** Hashes computed at the same time. Default: one per core. */
  readonly lanes?: number;
  /** How many may wait for a lane before the rest is turned away. Default 100. */
  readonly queue?: number;
}

/** What checking a password found. */
export interface Checked {
  readonly ok: boolean;
  /** The password is right, but its hash is weaker than today's policy or made with an older pepper. */
  readonly stale: boolean;
}

export interface PasswordHasher {
  /** Gives a PHC string. Throws `HasherBusy`. */
  hash(password: string): Promise<string>;
  /** Compares in constant time. Throws `HasherBusy`, and `TypeError` when `phc` is no hash that `importable` accepts. */
  check(password: string, phc: string): Promise<Checked>;
  /** Does the same work as `check` for somebody who does not exist. */
  checkNobody(password: string): Promise<Checked>;
  /** How many hashes were computed so far. */
  computed(): number;
}

/** More passwords wait to be checked than this process can check soon. Answer 503. */
export class HasherBusy extends Error {
  override readonly name = 'HasherBusy';
  constructor() {
    super('too many passwords are being checked: try again in a few seconds');
  }
}

/** OWASP Password Storage Cheat Sheet: the minimum for argon2id. */
export const policy = { memory: 19_456, passes: 2, lanes: 1, tag: 32, salt: 16 } as const;

/** Wires a hasher. All hashes of the process should go through one, so that its bound holds. */
export function createPasswordHasher({ peppers = [], lanes = availableParallelism(), queue = 100 }: PasswordOptions = {}): PasswordHasher {
  const enter = createGate(lanes, queue);
  let count = 0;
  const derived = (settings: PhcSettings, length: number, password: string) =>
    enter(() => {
      count++;
      return derive(settings, { password, length, peppers });
    });
  // A salt of its own per process: nobody's password can be prepared against it.
  const nobody = { ...fresh(peppers[0]), hash: randomBytes(policy.tag) };
  const check = async (password: string, phc: Phc): Promise<Checked> => {
    const ok = timingSafeEqual(await derived(phc, phc.hash.length, password), phc.hash);
    return { ok, stale: ok && weaker(phc, peppers[0]) };
  };
  return Object.freeze({
    async hash(password: string) {
      const settings = fresh(peppers[0]);
      return formatPhc({ ...settings, hash: await derived(settings, policy.tag, password) });
    },
    check: async (password: string, phc: string) => check(password, importable(phc)),
    checkNobody: (password: string) => check(password, nobody),
    computed: () => count,
  });
}

/**
 * Reads a PHC string that may be kept: argon2id, scrypt (`ln`, `r`, `p`) or pbkdf2-sha256 and -sha512 (`i`), within bounds
 * that one sign-in can pay. Throws a `TypeError` that says what to do with any other.
 */
export function importable(text: string): Phc {
  const phc = parsePhc(text);
  if (phc === undefined) {
    throw new TypeError('this is no PHC string ($argon2id$…, $scrypt$… or $pbkdf2-sha256$…): set a password instead, or have it reset');
  }
  const limits = bounds[phc.algorithm];
  if (limits === undefined) {
    throw new TypeError(`password hashes of kind ${phc.algorithm} cannot be imported: use argon2id, scrypt or pbkdf2, or have them reset`);
  }
  for (const [name, [least, most]] of Object.entries(limits)) {
    const value = phc.parameters[name] ?? Number.NaN;
    if (!(value >= least && value <= most)) throw new TypeError(`${name} of this ${phc.algorithm} hash must be from ${least} to ${most}`);
  }
  if (phc.salt.length < 8 || phc.hash.length < 16 || phc.hash.length > 128)
    throw new TypeError('this password hash has a salt or a length that is not safe');
  return phc;
}

type Limits = Readonly<Record<string, readonly [least: number, most: number]>>;
const pbkdf2Limits: Limits = { i: [100_000, 5_000_000] };
const bounds: Readonly<Record<string, Limits>> = {
  argon2id: { m: [7_168, 262_144], t: [1, 10], p: [1, 8] },
  scrypt: { ln: [14, 18], r: [8, 16], p: [1, 8] },
  'pbkdf2-sha256': pbkdf2Limits,
  'pbkdf2-sha512': pbkdf2Limits,
};

function fresh(pepper: Pepper | undefined): PhcSettings {
  const parameters = { m: policy.memory, t: policy.passes, p: policy.lanes };
  return { algorithm: 'argon2id', version: 19, parameters, keyId: pepper?.id, salt: randomBytes(policy.salt) };
}

function weaker({ algorithm, parameters, keyId }: Phc, pepper: Pepper | undefined): boolean {
  const { m = 0, t = 0 } = parameters;
  return algorithm !== 'argon2id' || m < policy.memory || t < policy.passes || keyId !== pepper?.id;
}

const argon2Async = promisify(argon2);
const scryptAsync = promisify<Buffer, Buffer, number, object, Buffer>(scrypt);
const pbkdf2Async = promisify(pbkdf2);

interface Derivation {
  readonly password: string;
  /** Bytes to derive. */
  readonly length: number;
  readonly peppers: readonly Pepper[];
}

/** RFC 9106, RFC 7914 and RFC 8018. A password is compared as its NFC form in UTF-8, whole. */
async function derive({ algorithm, parameters, keyId, salt }: PhcSettings, { password, length, peppers }: Derivation): Promise<Buffer> {
  const message = Buffer.from(password.normalize('NFC'));
  const { m = 0, t = 0, p = 1, ln = 0, r = 8, i = 0 } = parameters;
  if (algorithm === 'scrypt') return scryptAsync(message, salt, length, { N: 2 ** ln, r, p, maxmem: 256 * 2 ** ln * r });
  if (algorithm.startsWith('pbkdf2-')) return pbkdf2Async(message, salt, i, length, algorithm.slice('pbkdf2-'.length));
  const secret = pepperNamed(keyId, peppers);
  return argon2Async('argon2id', {
    message,
    nonce: salt,
    memory: m,
    passes: t,
    parallelism: p,
    tagLength: length,
    ...(secret && { secret }),
  });
}

function pepperNamed(id: string | undefined, peppers: readonly Pepper[]): Uint8Array | undefined {
  if (id === undefined) return undefined;
  const found = peppers.find((one) => one.id === id);
  if (found === undefined) throw new Error(`a password was hashed with pepper ${id}, which is not configured: add it after the newest one`);
  return found.key;
}

/** Lets `lanes` run and `queue` wait; turns the rest away at once. */
function createGate(lanes: number, queue: number) {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (running >= lanes) {
      if (waiting.length >= queue) throw new HasherBusy();
      // Whoever leaves hands its lane over, so that nobody can slip in between.
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else running++;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running--;
    }
  };
}
