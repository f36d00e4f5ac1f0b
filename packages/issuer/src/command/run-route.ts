/** Runs one command of the table: checks what was typed, asks, and shows the answer. */
import type { Command } from 'commander';
import { ZodObject, type ZodType } from 'zod';
import type { AdminRoute } from '../admin/routes/route.ts';
import type { ActingFlags } from './acting.ts';
import { ask, type Question } from './ask.ts';
import { type RouteFields, secretsOf } from './fields.ts';
import { readFlags } from './flags.ts';
import { issuerAddress } from './issuer-address.ts';
import { CommandProblem, usageProblem } from './problem.ts';
import { openSession, type Session } from './session.ts';
import { factLines, tableLines } from './show.ts';
import { answer, note, plainLine, type Terminal } from './terminal.ts';

export interface RouteRun {
  readonly route: AdminRoute;
  readonly fields: RouteFields;
  readonly leaf: Command;
  readonly terminal: Terminal;
}

interface Paging extends ActingFlags {
  readonly limit: number;
  readonly all: boolean;
  readonly cursor?: string;
}

type Thing = Readonly<Record<string, unknown>>;

export async function runRoute(run: RouteRun): Promise<void> {
  const { route, fields, leaf, terminal } = run;
  const flags = leaf.opts<Paging>();
  const issuer = issuerAddress(flags.issuer, terminal);
  const question = await questionOf(run);
  const session = await openSession(terminal, issuer);
  const answered = fields.paged ? await pages(issuer, session, question, flags) : await ask(issuer, session, question);
  if (flags.json) answer(terminal, JSON.stringify(answered ?? {}));
  else show(terminal, route, answered);
  refuseUndone(route, answered);
}

/** Fails when the answer says that not everything could be done. */
function refuseUndone({ undone }: AdminRoute, answered: unknown): void {
  const left = undone !== undefined && isThing(answered) ? answered[undone] : undefined;
  if (!Array.isArray(left) || left.length === 0) return;
  const problems = left.filter(isThing).map((one) => plainLine(Object.values(one).map(String).join(': ')));
  throw new CommandProblem('Not everything could be done. Run it again for what is left:', { error: 'undone', problems });
}

async function questionOf({ route, fields, leaf, terminal }: RouteRun): Promise<Question> {
  const typed = leaf.opts();
  const params = Object.fromEntries(Object.keys(route.params.shape).map((name, at) => [name, leaf.args[at]]));
  const query = await readFlags(fields.query, typed, terminal);
  const body = route.body ? await readFlags(fields.body, typed, terminal) : undefined;
  if (route.method === 'PATCH' && Object.keys(body ?? {}).length === 0)
    throw usageProblem('There is nothing to change: give at least one flag (--help lists them).');
  const flagOf = (name: string) => [...fields.query, ...fields.body].find((field) => field.name === name)?.flag ?? name;
  const problems = [
    ...problemsOf(route.params, params, (name) => `<${name}>`),
    ...problemsOf(route.query, query, flagOf),
    ...(route.body ? problemsOf(route.body, body, flagOf) : []),
  ];
  if (problems.length > 0) throw usageProblem('This cannot be sent:', problems);
  const path = route.path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(params[name])));
  return { method: route.method, path, query, body, ...(route.steps === 'several' && { timeout: LONG }) };
}

/** What the schema finds, by flag. What is sent is what was typed: the API checks, and fills in, for itself. */
function problemsOf(schema: ZodType, value: unknown, nameOf: (name: string) => string): string[] {
  const parsed = schema.safeParse(value);
  if (parsed.success) return [];
  return parsed.error.issues.map(({ path: [name], message }) => `${name === undefined ? '' : `${nameOf(String(name))} `}${message}`);
}

const MOST_AT_ONCE = 200;
/** Milliseconds for what speaks with third parties. */
const LONG = 300_000;

/** As many pages as it takes. */
async function pages(issuer: string, session: Session, question: Question, { limit, all, cursor }: Paging): Promise<Thing> {
  if (limit < 1) throw usageProblem('--limit must be at least 1.');
  const items: unknown[] = [];
  let next: unknown = cursor;
  do {
    const most = all ? MOST_AT_ONCE : Math.min(MOST_AT_ONCE, limit - items.length);
    const query = { ...question.query, limit: most, ...(typeof next === 'string' && { cursor: next }) };
    const page = (await ask(issuer, session, { ...question, query })) as { items?: unknown[]; next?: unknown };
    items.push(...(page.items ?? []));
    next = page.next ?? null;
  } while (typeof next === 'string' && (all || items.length < limit));
  return { items, next };
}

function show(terminal: Terminal, route: AdminRoute, answered: unknown): void {
  if (isList(answered)) showList(terminal, answered);
  else answer(terminal, thingLines(route, answered).join('\n'));
}

function thingLines({ method, summary, answer: schema }: AdminRoute, answered: unknown): string[] {
  if (method === 'GET') return isThing(answered) ? factLines(answered) : [];
  const done = `${past(summary)}.`;
  if (!isThing(answered)) return [done];
  const secrets = schema instanceof ZodObject ? secretsOf(schema).filter((name) => typeof answered[name] === 'string') : [];
  return [done, ...factLines(known(answered), secrets), ...secrets.flatMap((name) => shownOnce(name, String(answered[name])))];
}

/** Without what has no value: right after a change it says nothing. */
function known(thing: Thing): Thing {
  return Object.fromEntries(Object.entries(thing).filter(([, value]) => value !== null && !(Array.isArray(value) && value.length === 0)));
}

const shownOnce = (name: string, value: string): string[] => [
  '',
  `The ${name} is shown this once. Store it now, where only the program that needs it can read it:`,
  plainLine(value),
];

function showList(terminal: Terminal, { items, next }: { items: readonly Thing[]; next?: unknown }): void {
  const { output } = terminal;
  if (items.length === 0) note(terminal, 'There is none.');
  else answer(terminal, tableLines(items, output.isTTY ? output.columns : undefined).join('\n'));
  if (typeof next === 'string') note(terminal, `These are the first ${items.length}. --all shows the rest.`);
}

const isThing = (value: unknown): value is Thing => typeof value === 'object' && value !== null && !Array.isArray(value);
const isList = (value: unknown): value is { items: readonly Thing[]; next?: unknown } => isThing(value) && Array.isArray(value.items);

const pasts: Readonly<Record<string, string>> = {
  Give: 'Gave',
  Set: 'Set',
  Take: 'Took',
  Let: 'Let',
  Stop: 'Stopped',
};

/** "Create a project" becomes "Created a project". */
function past(summary: string): string {
  return summary.replace(/^\w+/, (verb) => pasts[verb] ?? (verb.endsWith('e') ? `${verb}d` : `${verb}ed`));
}
