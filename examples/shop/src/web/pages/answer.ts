import { html } from 'hono/html';
import type { AnswerPart } from '../../chat/answer.ts';
import type { ToolRun } from '../../tools/toolbox.ts';
import { type Asking, askCard } from './ask.ts';
import { callCard } from './call.ts';
import type { Html } from './layout.ts';

/** Writes one answer piece by piece. What it has written is valid HTML as soon as it is closed. */
export interface AnswerWriter {
  write(part: AnswerPart): Promise<string>;
  /** Ends the paragraph and the article. */
  close(): string;
}

/** The start of an answer. With `live`, an empty paragraph shows the caret until the first word comes. */
export function openAnswer({ live }: { live: boolean }): string {
  return live ? '<article class="answer" aria-label="Assistant" data-open><p></p>\n' : '<article class="answer" aria-label="Assistant">\n';
}

/** With `asking` it shows what the person has to connect first; once, however often tools asked. */
export function answerWriter(asking?: Asking): AnswerWriter {
  let inParagraph = false;
  let asked = false;
  const end = () => {
    const closed = inParagraph ? '</p>\n' : '';
    inParagraph = false;
    return closed;
  };
  const words = async (text: string) => {
    let written = '';
    for (const [index, piece] of text.split(/\n{2,}/).entries()) {
      if (index > 0) written += end();
      const shown = inParagraph ? piece : piece.trimStart();
      if (shown === '') continue;
      written += `${inParagraph ? '' : '<p>'}${await text2html(shown)}`;
      inParagraph = true;
    }
    return written;
  };
  const ask = async ({ connect }: ToolRun) => {
    if (connect === undefined || asking === undefined || asked) return '';
    asked = true;
    return String(await askCard(connect, asking));
  };
  return {
    async write(part) {
      if (part.type === 'text') return words(part.text);
      if (part.type === 'tool-ran') return `${end()}${await callCard(part.run)}${await ask(part.run)}`;
      if (part.type === 'error') return `${end()}${await problem(part.message)}`;
      return '';
    },
    close: () => `${end()}</article>\n`,
  };
}

async function text2html(text: string): Promise<string> {
  const lines = await Promise.all(text.split('\n').map(async (line) => String(await html`${line}`)));
  return lines.join('<br>');
}

function problem(message: string): Html {
  return html`<div class="notice" data-tone="danger" role="alert"><strong>This went wrong</strong><p>${message}</p></div>
`;
}
