import { clearLine, cursorTo } from 'node:readline';
import type { WriteStream } from 'node:tty';
import type { Look } from './look.ts';

/** Shows that something is under way. */
export interface Spinner {
  start(what: string): void;
  stop(): void;
}

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

/** A spinner on a terminal; on anything else one that writes nothing. */
export function createSpinner(output: NodeJS.WriteStream, look: Look): Spinner {
  if (!output.isTTY) return { start: () => {}, stop: () => {} };
  let timer: NodeJS.Timeout | undefined;
  let turn = 0;
  const clear = (terminal: WriteStream) => {
    cursorTo(terminal, 0);
    clearLine(terminal, 0);
  };
  const stop = () => {
    if (!timer) return;
    clearInterval(timer);
    timer = undefined;
    clear(output);
  };
  return {
    start: (what) => {
      stop();
      const draw = () => {
        clear(output);
        output.write(`  ${look.seal(frames[turn++ % frames.length] ?? '')} ${look.quiet(what)}`);
      };
      timer = setInterval(draw, 80).unref();
      draw();
    },
    stop,
  };
}
