import { html } from 'hono/html';
import type { Connect } from '../../chat/events.ts';
import type { Html } from './layout.ts';

/** What the cards of the last answer need: earlier answers ask for nothing any more. */
export interface Asking {
  readonly csrf: string;
  /** The words that were answered, to be sent again. */
  readonly said: string;
  /** The person has just come back from connecting. */
  readonly connected: boolean;
}

/** Asks the person to connect an account, and leads to the page where that is done. Afterwards it offers to go on. */
export function askCard(connect: Connect, { csrf, said, connected }: Asking): Html {
  const id = 'ask-connect';
  const { title, sentence, hint, actions } = connected ? goOn(connect) : connect.ended ? again(connect) : first(connect);
  return html`<section class="ask" aria-labelledby="${id}">
<header><h2 id="${id}">${title}</h2>
<p>${sentence}</p></header>
<div class="stub"><p class="hint">${hint}</p>
<form class="actions" method="post" action="/chat#now"><input type="hidden" name="csrf" value="${csrf}">${actions(said)}</form></div>
</section>
`;
}

interface Words {
  readonly title: string;
  readonly sentence: string;
  readonly hint: string;
  readonly actions: (said: string) => Html;
}

function first({ name, why, link }: Connect): Words {
  return {
    title: `Connect your ${name}`,
    sentence: `Shop assistant will be able to ${why}. It never sees your password there.`,
    hint: 'You choose the account on the next pages, then come back here.',
    actions: (said) => html`${tryAgain(said)}<a class="button primary" href="${link}">Connect</a>`,
  };
}

function again({ name, link }: Connect): Words {
  return {
    title: `Your ${name} no longer lets the shop in`,
    sentence: 'Access was ended over there. Disconnect it on your account page; then try again, and connect it anew.',
    hint: 'Your account page lists every account that you connected.',
    actions: (said) => html`${tryAgain(said)}<a class="button primary" href="${link}">Open account page</a>`,
  };
}

function goOn({ name, why }: Connect): Words {
  return {
    title: `Your ${name} is connected`,
    sentence: `Shop assistant may now ${why}.`,
    hint: 'You can end that on your account page at any time.',
    actions: (said) => html`<button type="submit" class="button primary" name="say" value="${said}" autofocus>Carry on</button>`,
  };
}

function tryAgain(said: string): Html {
  return html`<button type="submit" class="button" name="say" value="${said}">Try again</button>`;
}
