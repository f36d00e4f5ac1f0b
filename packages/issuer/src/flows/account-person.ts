/** Whoever uses the account page, and forms that only its own pages in that session can send. */
import { formToken, formTokenMatches, fromOurPage } from './csrf.ts';
import { type Desk, type FlowContext, Refusal } from './desk.ts';
import { readForm } from './interaction.ts';
import { personAt, type SignedInPerson } from './person.ts';

const secretOf = ({ sessionUid, userId }: SignedInPerson): string => `account|${sessionUid}|${userId}`;

/** The token of this session's forms. */
export function accountFormToken({ key }: Pick<Desk, 'key'>, person: SignedInPerson): string {
  return formToken(key, secretOf(person));
}

/** A form that somebody sent from the account page. */
export interface AccountForm {
  readonly person: SignedInPerson;
  readonly form: URLSearchParams;
}

/** Reads a form. Refuses one that did not come from our own page in this session. */
export async function readAccountForm(desk: Desk, c: FlowContext): Promise<AccountForm> {
  const form = await readForm(c);
  const person = await personAt(desk, c);
  if (!person) throw new Refusal(403, { code: 'not_signed_in' });
  const provenance = { origin: c.req.header('origin'), site: c.req.header('sec-fetch-site') };
  const ours = fromOurPage(desk.issuer, provenance) && formTokenMatches(desk.key, secretOf(person), form.get('csrf') ?? undefined);
  if (!ours) throw new Refusal(403, { code: 'form_refused' });
  return { person, form };
}
