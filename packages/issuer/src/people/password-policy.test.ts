import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { commonWords } from './common-passwords.ts';
import { assertStrong, WeakPassword } from './password-policy.ts';

const refused = (password: string, context?: readonly string[]) =>
  assert.throws(() => assertStrong(password, context), WeakPassword, password);

describe('the password policy', () => {
  it('R-051 wants 15 characters, counts letters and not bytes, and takes 64 and more', () => {
    refused('abcdefghijklmn');
    refused('плохойпароль');
    assertStrong('correct horse battery staple');
    assertStrong('хороший длинный пароль');
    assertStrong('tr0ubadour ate 9 plums by the old river '.repeat(2).slice(0, 79));
  });

  it('R-051 takes up to 1 kB and no more', () => {
    const sentence = Array.from({ length: 200 }, (_, at) => `w${at * 7}`).join(' ');
    assertStrong(sentence.slice(0, 800));
    refused('x y z k '.repeat(200));
  });

  it('R-051 has no rules of composition', () => {
    assertStrong('vfkgmlqpbznwthr');
    assertStrong('83910 5726 1940 66');
  });

  it('R-051 refuses more than 3000 passwords that everybody tries', () => {
    const words = [...commonWords].filter((word) => word.length > 4);
    const pairs = words.flatMap((one) => words.map((other) => `${one}${other}`)).filter((password) => password.length >= 15);
    assert.ok(pairs.length > 3000, `${pairs.length} combinations are long enough`);
    for (const password of pairs.filter((_, at) => at % 97 === 0)) refused(password);
  });

  it('R-051 refuses common words with digits, signs and look-alike letters', () => {
    for (const password of [
      'Password1234567',
      'P@ssw0rdP@ssw0rd',
      'Welcome-2026!!!!',
      'passwordpassword',
      'letmeinletmein1',
      'iloveyou12345678',
    ])
      refused(password);
  });

  it('R-051 refuses what repeats or counts on', () => {
    for (const password of [
      'aaaaaaaaaaaaaaaaa',
      'abcabcabcabcabc',
      '123456789012345',
      'qwertyuiopasdfgh',
      'abcdefghijklmno',
      '987654321098765',
    ])
      refused(password);
  });

  it('R-051 refuses a password made of words near the person', () => {
    refused('brandt-ada-1985', ['ada@shop.example', 'Ada Brandt']);
    refused('demoshop-brandt', ['Ada Brandt', 'Demo Shop']);
    assertStrong('ada likes plain tea on the quay', ['ada@shop.example', 'Ada Brandt']);
  });

  it('never repeats the password in what it says', () => {
    assert.throws(
      () => assertStrong('Password1234567'),
      ({ message }: Error) => !/password1234/i.test(message),
    );
  });
});
