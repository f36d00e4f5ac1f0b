/**
 * The first administrator. While there is none, the issuer writes a one-time code to a file of mode 0600 and takes it
 * back from a program on its own machine, once. Nobody exists by default.
 */
import { z } from 'zod';
import type { Settings } from '../config.ts';
import type { Store } from '../store/database.ts';
import { recordEvent } from '../store/events.ts';
import { alreadySetUp, firstAdministrator, hasAdministrator } from './first-administrator.ts';
import { answerOf, CallRefused, invalid, refusalBehind } from './problem.ts';
import { callerProblem, type SetupCaller } from './setup-caller.ts';
import { removeSetupCode, type SetupCode, writeSetupCode } from './setup-code.ts';

export interface SetupOptions {
  readonly store: Store;
  readonly settings: Pick<Settings, 'issuer' | 'host' | 'port' | 'dataDirectory'>;
  readonly log: SetupLog;
}

/** Where the operator is told what to do. */
export interface SetupLog {
  info(fields: { readonly event?: string }, message: string): void;
  warn(fields: { readonly error?: unknown }, message: string): void;
  error(fields: { readonly error?: unknown }, message: string): void;
}

/** The set-up of one issuer. */
export interface Setup {
  /** Writes the code and says in the log what to run, unless there is an administrator. Call it when the issuer listens. */
  open(): Promise<void>;
  /** Answers `POST /admin/v1/setup`. `caller` is the request as the server got it. */
  answer(request: Request, caller: SetupCaller): Promise<Response>;
}

/** Wires the set-up. Call `open` once the issuer listens, and route its path to `answer` before anything asks for a token. */
export function createSetup({ store, settings, log }: SetupOptions): Setup {
  const { issuer, dataDirectory } = settings;
  let code: SetupCode | undefined;
  return Object.freeze({
    async open() {
      if (await hasAdministrator(store.run)) return removeSetupCode(dataDirectory);
      code = announced(settings, log);
    },
    async answer(request: Request, caller: SetupCaller) {
      try {
        checkCaller(request, caller);
        if (await hasAdministrator(store.run)) throw alreadySetUp();
        const { code: given, person } = await readAsked(request);
        // The code is gone when somebody else won meanwhile: then it was not wrong, but late.
        if (code?.matches(given) !== true) throw (await hasAdministrator(store.run)) ? alreadySetUp() : await wrongCode(store);
        const administrator = await firstAdministrator(store, { issuer, person });
        code = undefined;
        removeSetupCode(dataDirectory);
        log.info({ event: 'setup.completed' }, 'the first administrator is set up');
        return Response.json({ administrator }, { status: 201, headers: { 'cache-control': 'no-store' } });
      } catch (error) {
        const refused = refusalBehind(error);
        if (refused.status === 500) log.error({ error }, 'the set-up failed');
        return answerOf(refused);
      }
    },
  });
}

/** Writes the code down and tells where; undefined when it cannot be, which must not keep the issuer from its work. */
function announced({ issuer, host, port, dataDirectory }: SetupOptions['settings'], log: SetupLog): SetupCode | undefined {
  const name = loopbackHost(host);
  if (name === undefined) {
    log.warn({}, 'there is no administrator, and no set-up: let the issuer listen on 127.0.0.1 or 0.0.0.0 (SAFECONDUCT_HOST) to set it up');
    return undefined;
  }
  try {
    const code = writeSetupCode(dataDirectory, { issuer, address: `http://${name}:${port}` });
    log.info({}, `there is no administrator yet: run \`safeconduct setup --code-file ${code.path}\` on this machine`);
    return code;
  } catch (error) {
    log.warn(
      { error },
      'there is no administrator, and the code to set one up cannot be written: let SAFECONDUCT_DATA name a folder for it',
    );
    return undefined;
  }
}

/** Where a program on this machine reaches a listener; undefined for one that is not on the loopback interface. */
function loopbackHost(host: string): string | undefined {
  if (host === '0.0.0.0' || host === 'localhost') return '127.0.0.1';
  if (host === '::' || host === '::1') return '[::1]';
  return /^127(?:\.\d{1,3}){3}$/.test(host) ? host : undefined;
}

const MAX_SETUP_BODY = 8192;
const line = z.string().trim().min(1, 'must not be empty').max(200, 'must have at most 200 characters');
const asked = z.strictObject({
  code: z.string().max(200),
  person: z
    .strictObject({ email: z.email('must be an e-mail address').max(254), name: line.optional(), password: z.string().max(1024) })
    .optional(),
});

function checkCaller(request: Request, caller: SetupCaller): void {
  const problem = callerProblem(caller);
  if (problem !== undefined) throw new CallRefused('forbidden', problem);
  if (request.method !== 'POST') throw new CallRefused('method', 'the set-up is asked for by POST: run `safeconduct setup`');
  if (!/^application\/json\s*(?:;|$)/i.test(request.headers.get('content-type') ?? ''))
    throw new CallRefused('type', 'the set-up is asked for in JSON: run `safeconduct setup`');
}

async function readAsked(request: Request): Promise<z.output<typeof asked>> {
  const parsed = asked.safeParse(await readJson(request));
  if (parsed.success) return parsed.data;
  throw invalid(parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'the body'} ${message}`));
}

async function readJson(request: Request): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.length;
    if (size > MAX_SETUP_BODY) throw new CallRefused('large', `the body is larger than ${MAX_SETUP_BODY} bytes`);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw invalid(['the body is no JSON']);
  }
}

async function wrongCode(store: Store): Promise<CallRefused> {
  await recordEvent(store.run, { type: 'setup.refused', outcome: 'refused', reason: 'code_wrong' });
  return new CallRefused('forbidden', 'this is not the code of this issuer, which makes a new one at each start: read its file again');
}
