import { html } from 'hono/html';
import type { Table } from '../../chat/events.ts';
import type { ToolRun } from '../../tools/toolbox.ts';
import { type Html, mark } from './layout.ts';

/** The card of one tool call: what ran, as whom, what came back, and the proof. */
export function callCard(run: ToolRun): Html {
  const { tool, ranAs, rows, ms, table, text, policy, subject, trace, note } = run;
  return html`<div class="call" role="group" aria-label="Tool call ${tool}">
<div class="call-head"><code>${tool}</code><span class="bearer">${mark}<span>ran as <b>${ranAs}</b></span></span><span class="meta num"><span>${rows} ${rows === 1 ? 'row' : 'rows'}</span><span>${ms} ms</span></span></div>
${table === undefined ? '' : tableOf(table)}
${text === undefined ? '' : html`<p>${text}</p>`}
<details>
<summary>Arguments and proof</summary>
<pre>${argumentsOf(run.arguments)}</pre>
<dl class="facts">
<div><dt>Subject</dt><dd class="mono">${subject}</dd></div>
<div><dt>Database policy</dt><dd class="mono">${policy}</dd></div>
<div><dt>Trace</dt><dd class="mono">${trace}</dd></div>
</dl>
<p class="hint">${note}</p>
</details>
</div>
`;
}

const longestArguments = 2000;

function argumentsOf(value: unknown): string {
  const text = JSON.stringify(value, null, 1)?.replace(/\n\s*/g, ' ') ?? '';
  return text.length <= longestArguments ? text : `${text.slice(0, longestArguments)} …`;
}

const numeric = /^[€\d.,\s]+$/;

function tableOf({ columns, rows }: Table): Html {
  const last = columns.length - 1;
  const end = rows.length > 0 && rows.every((row) => numeric.test(row[last] ?? ''));
  const classOf = (index: number) =>
    index === last && end ? 'end num' : index > 0 && index < last && columns.length > 3 && index % 2 === 1 ? 'roomy num' : 'num';
  return html`<table class="table">
<thead><tr>${columns.map((column, index) => html`<th scope="col" class="${classOf(index)}">${column}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map((cell, index) => html`<td class="${classOf(index)}${numeric.test(cell) ? ' whole' : ''}">${cell}</td>`)}</tr>`)}</tbody>
</table>
`;
}
