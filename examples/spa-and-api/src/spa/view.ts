/** Puts values into the page. Everything goes in as text, so nothing that a token or the API says can become markup. */
import type { User } from 'oidc-client-ts';
import type { Answer, Notice, Problem } from './call.ts';

/** The element with this id, which the page has. */
export function byId(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (element === null) throw new TypeError(`the page has no element #${id}`);
  return element;
}

export function showPerson(user: User | undefined, renewed: number): void {
  byId('signed-out').hidden = user !== undefined;
  for (const id of ['signed-in', 'bearer', 'sign-out']) byId(id).hidden = user === undefined;
  byId('nobody').hidden = user !== undefined;
  if (user === undefined) {
    byId('answer').replaceChildren();
    return;
  }
  const name = user.profile.name ?? user.profile.preferred_username ?? user.profile.sub;
  fill(document, { name, email: user.profile.email ?? 'Not given to this page', renewed: times(renewed) });
  showEnd(user.expires_at);
}

export function showProblem(problem: Problem | undefined): void {
  const place = byId('problem');
  place.hidden = problem === undefined;
  if (problem !== undefined) fillProblem(place, problem);
}

export function showAnswer(answer: Answer): void {
  byId('answer').replaceChildren('problem' in answer ? refusal(answer.problem) : result(answer));
}

function refusal(problem: Problem): DocumentFragment {
  const copy = copyOf('refusal');
  const box = copy.querySelector('.notice');
  if (box instanceof HTMLElement) fillProblem(box, problem);
  return copy;
}

function result({ as, notices }: { readonly as: string; readonly notices: readonly Notice[] }): DocumentFragment {
  const copy = copyOf('result');
  fill(copy, { as });
  const rows = notices.map(({ title, from }) => {
    const row = copyOf('notice-row');
    fill(row, { title, from });
    return row;
  });
  copy.querySelector('ul')?.append(...rows);
  return copy;
}

/** Sets the text of every element that says which value it is. */
export function fill(within: ParentNode, values: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(values))
    for (const element of within.querySelectorAll(`[data-is="${name}"]`)) element.textContent = value;
}

function fillProblem(place: HTMLElement, { tone, title, sentence, reference = '' }: Problem): void {
  place.dataset.tone = tone;
  fill(place, { title, sentence, reference });
}

function copyOf(id: string): DocumentFragment {
  const template = byId(id);
  if (!(template instanceof HTMLTemplateElement)) throw new TypeError(`#${id} is no template`);
  return template.content.cloneNode(true) as DocumentFragment;
}

function showEnd(seconds: number | undefined): void {
  const ends = seconds === undefined ? undefined : new Date(seconds * 1000);
  for (const element of document.querySelectorAll('time[data-is="ends"]')) {
    element.setAttribute('datetime', ends?.toISOString() ?? '');
    element.textContent = ends?.toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' }) ?? 'The provider did not say';
  }
}

function times(count: number): string {
  if (count === 0) return 'Not yet';
  return count === 1 ? 'Once' : `${count} times`;
}
