/** What dialects call people, where it is not what they make of an id: no two may be called the same, people and programs alike. */
import { lockConfiguration } from '../store/configuration-lock.ts';
import type { Run, Statement } from '../store/database.ts';
import { uuidOf } from '../store/ids.ts';
import { Refused } from '../store/refused.ts';

const CALLED: Statement = { name: 'subjects of users', text: `select id, subjects from issuer.users where subjects <> '{}'` };
const KNOWN: Statement = {
  name: 'ids among these',
  text: 'select id from issuer.users where id = any($1::text[]) union select id from issuer.application where id = any($1::text[])',
};
const ALL: Statement = {
  name: 'ids of users and applications',
  text: 'select id from issuer.users union select id from issuer.application',
};

/** A person or program that is to be there. */
export interface Called {
  readonly id: string;
  /** `sub` by dialect. */
  readonly subjects?: Readonly<Record<string, string>> | undefined;
}

interface Named extends Record<string, unknown> {
  readonly id: string;
}

/**
 * Throws `Refused` when somebody else has the id or a `sub` that one of these is to have: a program would take one for the other.
 * Needs a transaction: two who ask at once wait for each other here.
 */
export async function refuseSharedSubjects(run: Run, called: readonly Called[]): Promise<void> {
  await lockConfiguration(run);
  const ours = directory(called.map(({ id }) => id));
  const others = (await run<Named & Called>(CALLED, [])).filter(({ id }) => !ours.ids.has(id));
  const known = directory([...ours.ids, ...(await idsBehind(run, called.flatMap(subjectsOf)))]);
  const found = calledTwice(others, called) ?? called.find((one) => namesAnother(one, known)) ?? newcomerNamed(others, ours);
  // Who else it is may be none of the asker's business.
  if (found !== undefined)
    throw new Refused('conflict', `${found.id} cannot be called so: a dialect calls somebody else the same. Choose another id or subject`);
}

const subjectsOf = ({ subjects = {} }: Called): string[] => Object.values(subjects);

function calledTwice(others: readonly Called[], called: readonly Called[]): Called | undefined {
  const taken = new Set(others.flatMap(namesOf));
  return called.find((one) => {
    const names = namesOf(one);
    if (names.some((name) => taken.has(name))) return true;
    for (const name of names) taken.add(name);
    return false;
  });
}

const namesOf = ({ subjects = {} }: Called): string[] => Object.entries(subjects).map(([dialect, subject]) => `${dialect} ${subject}`);

/** Ids by what dialects may make of them. */
interface Directory {
  readonly ids: ReadonlySet<string>;
  readonly byUuid: ReadonlyMap<string, string>;
}

const directory = (ids: readonly string[]): Directory => ({ ids: new Set(ids), byUuid: new Map(ids.map((id) => [uuidOf(id), id])) });

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

/** Ids of those who are there and may be what these subjects mean. */
async function idsBehind(run: Run, subjects: readonly string[]): Promise<string[]> {
  if (subjects.length === 0) return [];
  const rows = subjects.some((subject) => UUID.test(subject.toLowerCase()))
    ? await run<Named>(ALL, [])
    : await run<Named>(KNOWN, [subjects.flatMap(meant)]);
  return rows.map(({ id }) => id);
}

/** Ids that a subject may be made of: dialects write one as it is, behind a bar (`somewhere|id`), or before an at sign (`id@clients`). */
const meant = (subject: string): string[] => [
  subject,
  subject.slice(subject.lastIndexOf('|') + 1),
  ...(subject.includes('@') ? [subject.slice(0, subject.lastIndexOf('@'))] : []),
];

const idsNamed = (one: Called, { ids, byUuid }: Directory): string[] =>
  subjectsOf(one)
    .flatMap((subject) => [...meant(subject).filter((id) => ids.has(id)), byUuid.get(subject.toLowerCase())])
    .filter((id): id is string => id !== undefined && id !== one.id);

const namesAnother = (one: Called, known: Directory): boolean => idsNamed(one, known).length > 0;

/** The newcomer whose id somebody is called by already. */
function newcomerNamed(others: readonly Called[], newcomers: Directory): Called | undefined {
  const [id] = others.flatMap((one) => idsNamed(one, newcomers));
  return id === undefined ? undefined : { id };
}
