import { createInterface } from 'node:readline';
import type { History } from './history.ts';
import type { Look } from './look.ts';

/** Where the person's lines come from. */
export interface Prompt {
  /** The next line; undefined when there will be none: end of input, or Ctrl-C twice. */
  next(): Promise<string | undefined>;
  /** Takes note that Ctrl-C was pressed elsewhere: pressed once more at the prompt, it leaves. */
  interrupted(): void;
  close(): void;
}

/** What a prompt reads from and writes to. */
export interface PromptOptions {
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
  readonly look: Look;
  readonly history: History;
}

/** A line editor on a terminal; elsewhere the lines of the input, which are repeated so that the transcript reads well. */
export function createPrompt(options: PromptOptions): Prompt {
  return options.input.isTTY && options.output.isTTY ? editedLines(options) : pipedLines(options);
}

function pipedLines({ input, output, look }: PromptOptions): Prompt {
  const reader = createInterface({ input, terminal: false });
  const lines = reader[Symbol.asyncIterator]();
  return {
    next: async () => {
      const { value, done } = await lines.next();
      if (done === true) return undefined;
      output.write(`${look.seal('›')} ${value}\n`);
      return value;
    },
    interrupted: () => {},
    close: () => reader.close(),
  };
}

/** One line editor per question: in between, the terminal is as the shell left it, and Ctrl-C reaches the program. */
function editedLines({ input, output, look, history }: PromptOptions): Prompt {
  let interrupts = 0;
  const ask = (): Promise<string | undefined> => {
    const editor = createInterface({ input, output, history: [...history.lines], prompt: `${look.seal('›')} ` });
    return new Promise((resolve) => {
      let line: string | undefined;
      editor.once('line', (text) => {
        line = text;
        interrupts = 0;
        editor.close();
      });
      editor.on('SIGINT', () => {
        interrupts = editor.line === '' ? interrupts + 1 : 1;
        if (interrupts > 1) return editor.close();
        output.write(`\n${look.quiet('Ctrl-C again to leave.')}\n`);
        editor.write(null, { ctrl: true, name: 'e' });
        editor.write(null, { ctrl: true, name: 'u' });
        editor.prompt();
      });
      editor.once('close', () => {
        if (line === undefined) output.write('\n');
        resolve(line);
      });
      editor.prompt();
    });
  };
  return {
    next: async () => {
      const line = await ask();
      if (line?.trim()) history.remember(line);
      return line;
    },
    interrupted: () => {
      interrupts = 1;
    },
    close: () => {},
  };
}
