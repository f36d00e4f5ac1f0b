import { html } from 'hono/html';
import type { ChosenModel } from '../../models/model.ts';
import type { Bearer, Html } from './layout.ts';

/** How long a message may be. */
export const longestMessage = 2000;

/** Where one writes. It comes last, so nobody sends a second message while the first is being answered. */
export function composer({ bearer, model, text = '' }: { bearer: Bearer; model: ChosenModel; text?: string }): Html {
  return html`<footer class="composer"><form method="post" action="/chat#now">
<input type="hidden" name="csrf" value="${bearer.csrf}">
<label class="visually-hidden" for="say">Message</label>
<input id="say" name="say" type="text" autocomplete="off" enterkeyhint="send" maxlength="${longestMessage}" placeholder="Ask about your orders" value="${text}" required autofocus>
<button type="submit" class="button primary">Send</button>
<p class="meta">${modelTag(model)} Every tool runs as you, and only as you.</p>
</form></footer>`;
}

/** The same place for somebody who is not signed in. */
export function closedComposer(model: ChosenModel): Html {
  return html`<footer class="composer"><form method="post" action="/chat">
<label class="visually-hidden" for="say">Message</label>
<input id="say" name="say" type="text" autocomplete="off" placeholder="Sign in to ask" disabled>
<button type="submit" class="button" disabled>Send</button>
<p class="meta">${modelTag(model)}</p>
</form></footer>`;
}

function modelTag({ label, scripted }: ChosenModel): Html {
  return scripted ? html`<span class="tag" data-tone="caution">${label}</span>` : html`<span class="tag">${label}</span>`;
}
