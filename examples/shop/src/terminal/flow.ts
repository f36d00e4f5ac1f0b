import stringWidth from 'fast-string-width';
import { plainText } from './plain-text.ts';

/** Running text that is wrapped at word ends as it comes in. */
export interface Flow {
  push(text: string): void;
  /** Writes what is left and ends the line, if one was begun. */
  end(): void;
}

const margin = '  ';

/** Creates a flow that writes to `write`, `width()` columns wide. Control characters in the text are dropped. */
export function createFlow(write: (text: string) => void, width: () => number): Flow {
  let column = 0;
  let word = '';
  let space = '';

  const flush = () => {
    if (word === '') return;
    const wide = stringWidth(word);
    if (column > 0 && column + space.length + wide > width() - margin.length) {
      write('\n');
      column = 0;
    }
    const lead = column === 0 ? margin : space;
    write(lead + word);
    column += (column === 0 ? 0 : space.length) + wide;
    word = '';
    space = '';
  };

  const take = (character: string) => {
    if (character === '\n') {
      flush();
      write('\n');
      column = 0;
      space = '';
    } else if (character === ' ') {
      flush();
      space += character;
    } else {
      word += character;
    }
  };

  return {
    push: (text) => {
      for (const character of plainText(text)) take(character);
    },
    end: () => {
      flush();
      if (column > 0) write('\n');
      column = 0;
      space = '';
    },
  };
}
