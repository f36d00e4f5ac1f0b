import { html } from 'hono/html';
import type { ChosenModel } from '../../models/model.ts';
import type { Exchange } from '../conversations.ts';
import { answerWriter, openAnswer } from './answer.ts';
import type { Asking } from './ask.ts';
import { closedComposer, composer } from './composer.ts';
import { type Bearer, closing, type Html, opening } from './layout.ts';

const suggestions = [
  'Show my orders',
  'Where is my order?',
  'Show order 1002',
  'Find mugs under 15 euros',
  'Put order 1001 into my calendar',
];

/** The page for somebody who is not signed in. `hint` names demo people; it is there in the demo only. */
export async function signedOutPage({ model, hint }: { model: ChosenModel; hint: readonly string[] }): Promise<string> {
  const body = html`<div class="opening">
<h1>Ask about your orders</h1>
<p class="lead">Sign in first. Every question then runs as you, so you see your own orders and nobody else’s.</p>
<a class="button primary" href="/auth/login">Sign in</a>
${hint.length === 0 ? '' : html`<p class="hint">To try it: ${hint.map((email, index) => html`${index === 0 ? '' : ' or '}<span class="mono">${email}</span>`)}. The passwords are in your terminal.</p>`}
<p class="hint">The API behind it, to try as yourself: <a href="/docs">API docs</a></p>
</div>
`;
  return `${await opening({ title: 'Sign in' })}${await body}${await closing(closedComposer(model))}`;
}

export interface ChatPage {
  readonly bearer: Bearer;
  readonly model: ChosenModel;
  readonly past: readonly Exchange[];
  /** How the person came back from connecting an account, if that is where they come from. */
  readonly back?: 'connected' | 'refused';
  /** A sentence about a message that was not sent, and that message. */
  readonly problem?: { readonly sentence: string; readonly text: string };
}

/** The whole conversation. */
export async function chatPage({ bearer, model, past, back, problem }: ChatPage): Promise<string> {
  const notice =
    problem === undefined
      ? back === 'refused'
        ? caution('Not connected', 'Nothing was changed.')
        : ''
      : caution('Not sent', problem.sentence);
  const end = composer({ bearer, model, ...(problem === undefined ? {} : { text: problem.text }) });
  return `${await beginning({ bearer, past, connected: back === 'connected' })}${await notice}${await closing(end)}`;
}

function caution(title: string, sentence: string): Html {
  return html`<div class="notice" data-tone="caution" role="alert" id="now"><strong>${title}</strong><p>${sentence}</p></div>
`;
}

interface Beginning {
  readonly bearer: Bearer;
  readonly past: readonly Exchange[];
  /** The words that are being answered. */
  readonly now?: string;
  readonly connected?: boolean;
}

/** A conversation up to the words that are being answered: the first part of the streamed page. */
export async function beginning({ bearer, past, now, connected = false }: Beginning): Promise<string> {
  const head = await opening({ title: past.length === 0 && now === undefined ? 'Ask about your orders' : 'Conversation', bearer });
  const empty = past.length === 0 && now === undefined;
  const top = empty ? await welcome(bearer) : '<h1 class="visually-hidden">Conversation</h1>\n';
  const last = now === undefined ? past.length - 1 : -1;
  const log = await Promise.all(
    past.map((one, index) => exchange(one, index === last ? { csrf: bearer.csrf, said: one.said, connected } : undefined)),
  );
  return `${head}${top}${log.join('')}${now === undefined ? '' : await said(now, { now: true })}`;
}

/** The last part of the streamed page. */
export async function ending({ bearer, model }: { bearer: Bearer; model: ChosenModel }): Promise<string> {
  return String(await closing(composer({ bearer, model })));
}

function welcome({ csrf, name }: Bearer): Html {
  return html`<div class="opening">
<h1>Ask about your orders</h1>
<p class="lead">Every question runs as <b>${name}</b>. The database lets your own rows through and no others.</p>
<form method="post" action="/chat#now"><input type="hidden" name="csrf" value="${csrf}"><div class="tries">${suggestions.map((text) => html`<button class="button" type="submit" name="say" value="${text}">${text}</button>`)}</div></form>
</div>
`;
}

async function exchange({ said: words, parts }: Exchange, asking: Asking | undefined): Promise<string> {
  const writer = answerWriter(asking);
  let written = '';
  for (const part of parts) written += await writer.write(part);
  return `${await said(words, { now: false })}${openAnswer({ live: false })}${written}${writer.close()}`;
}

async function said(words: string, { now }: { now: boolean }): Promise<string> {
  return String(
    await html`<p class="said"${now ? html` id="now"` : ''}><span class="visually-hidden">You: </span>${words}</p>
`,
  );
}
