import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { plainLine, plainText } from './plain-text.ts';

const hostile: Readonly<Record<string, string>> = {
  'a colour': '\u001b[31mred\u001b[0m',
  'a cleared screen': '\u001b[2J\u001b[Hred',
  'a window title': '\u001b]0;title\u0007red',
  'a clipboard': '\u001b]52;c;ZXZpbA==\u001b\\red',
  'a link': '\u001b]8;;https://attacker.example\u001b\\red\u001b]8;;\u001b\\',
  'an 8-bit sequence': '\u009b31mred',
  'a backspace': 'r\u0008ed',
  'a bell': 'red\u0007',
  'reversed text': '\u202ered\u2066',
  'half a sequence': 'red\u001b',
};

describe('text from the server', () => {
  for (const [what, text] of Object.entries(hostile)) {
    it(`R-132 loses ${what}`, () => assert.equal(plainText(text), 'red'));
  }

  it('R-132 cannot smuggle a sequence in by nesting one in another', () => {
    assert.doesNotMatch(plainText('\u001b\u001b[31m[31mred\u001b\u001b'), /[\p{Cc}]/u);
  });

  it('keeps lines and letters of any script', () => {
    assert.equal(plainText('Größe\r\n日本 👩‍👩‍👧 €\rnext\ttab'), 'Größe\n日本 👩‍👩‍👧 €\nnext  tab');
  });

  it('is one short line where one is wanted', () => {
    assert.equal(plainLine('  two\n lines '), 'two lines');
    assert.equal(plainLine('x'.repeat(300)).length, 200);
  });
});
