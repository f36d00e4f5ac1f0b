import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { describe, it } from 'node:test';
import { createLog, type Log } from './log.ts';

function logged(write: (log: Log) => void, level: Parameters<typeof createLog>[0] = 'info'): string {
  let text = '';
  const destination = new Writable({
    write(line, _encoding, done) {
      text += String(line);
      done();
    },
  });
  write(createLog(level, destination));
  return text;
}

describe('the log', () => {
  it('R-146 drops every field that it does not know, whatever a caller passes', () => {
    const fields = { route: '/oauth2/token', password: 'hunter2', headers: { cookie: 'x=hunter2' }, body: 'hunter2' };
    const text = logged((log) => log.info(fields, 'request'));
    assert.doesNotMatch(text, /hunter2/);
    assert.equal(JSON.parse(text).route, '/oauth2/token');
  });

  it('R-146 hides what looks like a token in a field that it knows', () => {
    const token = `sc_rt_${'a'.repeat(46)}`;
    const text = logged((log) =>
      log.warn({ reason: `refused ${token} and eyJhbGciOiJFUzI1NiJ9.e30.sig`, url: 'postgres://me:hunter2@db/x' }, 'refused'),
    );
    assert.doesNotMatch(text, /aaaaaaaa|eyJ|hunter2/);
  });

  it('writes who it was about as a hash', () => {
    const text = logged((log) => log.info({ subject: 'usr_ada' }, 'signed in'));
    assert.doesNotMatch(text, /usr_ada/);
    assert.match(JSON.parse(text).subject, /^[0-9a-f]{16}$/);
  });

  it('R-146 says of an error its class, code and place, and not what a database row said', () => {
    const database = Object.assign(new Error('Key (email)=(ada@shop.example) already exists'), {
      code: '23505',
      detail: 'ada@shop.example',
    });
    const text = logged((log) => {
      log.error({ error: new Error('outer', { cause: database }) }, 'failed');
      log.error({ err: database }, 'failed');
    });
    assert.doesNotMatch(text, /ada@/);
    assert.match(text, /"code":"23505"/);
    assert.match(text, /"place":"[^"]*log\.test\.ts/);
  });

  it('cannot be made to write a second line', () => {
    const text = logged((log) => log.info({ reason: 'a\n{"level":"info","msg":"forged"}' }, 'request'));
    assert.equal(text.trim().split('\n').length, 1);
  });

  it('is silent when told so', () =>
    assert.equal(
      logged((log) => log.error({}, 'x'), 'silent'),
      '',
    ));
});
