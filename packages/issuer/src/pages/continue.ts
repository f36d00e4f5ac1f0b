/** A step that a browser takes by itself. Somebody whose browser runs no script presses the button. */
import { type Html, html } from './html.ts';
import { type Frame, layout } from './layout.ts';

export interface ContinuePage {
  readonly action: string;
  readonly fields: Html;
  /** The script that sends the form. The page's policy names its hash. */
  readonly script: Html;
}

export function continuePage(frame: Frame, { action, fields, script }: ContinuePage): string {
  const says = html`<h1>One more step</h1>
<p class="lead">Your browser goes on by itself. If it doesn’t, press the button.</p>`;
  const does = html`<form method="post" action="${action}">
${fields}
<button type="submit" class="button primary wide">Continue</button>
</form>
<script>${script}</script>`;
  return layout(frame, { title: 'One more step', says, does });
}
