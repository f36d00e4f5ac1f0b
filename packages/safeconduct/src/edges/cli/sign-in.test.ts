import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdir, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import { failureLine } from './failure.ts';
import { clientId, openBrowserOf, startForeignProvider } from './provider.fixtures.test.ts';
import { loginAt, notAsked, person, setStage } from './sign-in.fixtures.test.ts';
import { signIn } from './sign-in.ts';
import { linesOf, type SignInStep } from './telling.ts';

const stage = setStage();

const authorizationOf = (step: SignInStep | undefined): URL => (step?.kind === 'browser' ? step.url : assert.fail('no address was shown'));

describe('signing in at a terminal', () => {
  it('S0.2 S0.3 S0.5 goes through the browser, says the words of success, and knows who it is', async () => {
    const { tell, page, steps } = person();
    const { identity, tokens } = await signIn(stage.login(), stage.options({ tell }));
    assert.equal(identity.subject, 'ada');
    assert.equal(identity.client, clientId);
    assert.match(tokens.accessToken.reveal(), /^ey/);
    const { status, text } = await page();
    assert.equal(status, 200);
    assert.match(text, /Authentication successful! You can close this window\./);
    const { searchParams } = authorizationOf(steps[0]);
    assert.equal(searchParams.get('code_challenge_method'), 'S256');
    assert.match(searchParams.get('redirect_uri') ?? '', /^http:\/\/127\.0\.0\.1:\d+\/callback$/);
  });

  it('R-080 prints the whole address whatever opens, and the time until which it waits', async () => {
    const { tell, steps } = person();
    await signIn(stage.login(), stage.options({ tell }));
    const lines = steps.flatMap(linesOf).map(({ text }) => text);
    assert.equal(lines[1], `  ${authorizationOf(steps[0]).href}`);
    assert.match(lines.join('\n'), /Waiting for you, until \d\d:\d\d/);
  });

  it('R-080 keeps the tokens in a file that this user alone can read, and does not ask again', {
    skip: process.platform === 'win32',
  }, async () => {
    const first = await signIn(stage.login(), stage.options({ tell: person().tell }));
    const [name = ''] = (await readdir(stage.directory())).filter((file) => file.endsWith('.json'));
    assert.equal((await stat(join(stage.directory(), name))).mode & 0o777, 0o600);
    assert.equal((await stat(stage.directory())).mode & 0o777, 0o700);
    const again = await signIn(stage.login(), stage.options({ tell: notAsked }));
    assert.deepEqual([again.identity.subject, again.tokens.accessToken.reveal()], ['ada', first.tokens.accessToken.reveal()]);
  });

  it('S0.4 R-080 gives up in time with "No authorization code received", and asks for no token', async () => {
    const asked = stage.provider().grants.length;
    const steps: SignInStep[] = [];
    await assert.rejects(signIn(stage.login(), stage.options({ tell: (step) => steps.push(step), timeoutMs: 50 })), {
      code: 'login_timeout',
      message: /^No authorization code received/,
    });
    assert.equal(stage.provider().grants.length, asked);
    assert.equal(await connects(authorizationOf(steps[0])), false);
  });

  it('S0.4 ends cleanly when it is cancelled: no token request, nothing left listening', async () => {
    const asked = stage.provider().grants.length;
    const controller = new AbortController();
    const steps: SignInStep[] = [];
    const tell = (step: SignInStep) => {
      steps.push(step);
      controller.abort(new Error('Ctrl-C'));
    };
    await assert.rejects(signIn(stage.login(), stage.options({ tell, signal: controller.signal })), {
      code: 'login_denied',
      message: 'No authorization code received: the sign-in was cancelled',
    });
    assert.equal(stage.provider().grants.length, asked);
    assert.equal(await connects(authorizationOf(steps[0])), false);
  });

  it('B0.9 S0.4 reports the refusal of the provider, in the terminal and in the browser', async () => {
    let page: Promise<Response> | undefined;
    const tell = (step: SignInStep) => {
      const { searchParams } = authorizationOf(step);
      const answer = new URLSearchParams({
        error: 'access_denied',
        error_description: '<b>no</b>',
        state: searchParams.get('state') ?? '',
        iss: stage.provider().issuer,
      });
      page = fetch(`${searchParams.get('redirect_uri')}?${answer}`);
    };
    await assert.rejects(signIn(stage.login(), stage.options({ tell })), { code: 'login_denied', message: /access_denied: <b>no<\/b>/ });
    const text = await (await page)?.text();
    assert.match(text ?? '', /Authentication failed! Please try again\.[\s\S]*&lt;b&gt;no&lt;\/b&gt;/);
  });

  it('S0.6 says "Token exchange failed" and nothing of the code when the code is not good', async () => {
    const tell = (step: SignInStep) => {
      const { searchParams } = authorizationOf(step);
      const answer = new URLSearchParams({ code: 'stolen-code', state: searchParams.get('state') ?? '', iss: stage.provider().issuer });
      void fetch(`${searchParams.get('redirect_uri')}?${answer}`).then((response) => response.text());
    };
    const error: unknown = await signIn(stage.login(), stage.options({ tell })).catch((reason: unknown) => reason);
    assert.equal(failureLine(error), 'Authentication failed code=code_exchange_failed reason="Token exchange failed: invalid_grant"');
    assert.deepEqual(await readdir(stage.directory()).catch(() => []), []);
  });

  it('says that nobody is signed in where nobody can be asked', async () => {
    await assert.rejects(signIn(stage.login(), stage.options({ interactive: false, tell: notAsked })), { code: 'session_missing' });
  });

  for (const [what, other] of [
    ['client', { clientId: 'another' }],
    ['API', { resource: 'https://other.example/' }],
  ] as const) {
    it(`R-074 does not use the tokens of another ${what}`, async () => {
      await signIn(stage.login(), stage.options({ tell: person().tell }));
      const asked = signIn(stage.login(other), stage.options({ interactive: false, tell: notAsked }));
      await assert.rejects(asked, { code: 'session_missing' });
    });
  }

  it('R-074 sends the tokens of one issuer to no other', async () => {
    const other = await startForeignProvider();
    await signIn(stage.login(), stage.options({ tell: person().tell }));
    await assert.rejects(signIn(loginAt(other), stage.options({ interactive: false, tell: notAsked })), { code: 'session_missing' });
    assert.deepEqual(other.grants, []);
    await other.close();
  });
});

describe('pasting the address', () => {
  const terminal = () => Object.assign(new PassThrough(), { isTTY: true });

  /** Signs in at the provider with a browser that cannot come back, and gives where it ended. */
  async function stranded(step: SignInStep): Promise<string> {
    const url = authorizationOf(step);
    const redirect = url.searchParams.get('redirect_uri') ?? '';
    const elsewhere = await openBrowserOf().signIn(url, 'ada', redirect);
    return elsewhere.url.href;
  }

  it('takes the address the browser ended at, and refuses anything else without ending the wait', async () => {
    const input = terminal();
    const notices: string[] = [];
    const tell = (step: SignInStep) => {
      if (step.kind === 'notice') return void notices.push(step.message);
      assert.ok(step.kind === 'browser' && step.pasteable);
      const redirect = step.url.searchParams.get('redirect_uri') ?? '';
      input.write(`what now?\n\nhttps://attacker.example/callback?code=c&state=s\n${redirect}?code=c&state=another\nSomeCodeAlone123\n`);
      void stranded(step).then((address) => input.write(`${address}\n`));
    };
    const { identity } = await signIn(stage.login(), stage.options({ tell, input }));
    assert.equal(identity.subject, 'ada');
    assert.equal(notices.length, 4);
    assert.match(notices.join('\n'), /begins with http:\/\/127[\s\S]*belongs to another sign-in[\s\S]*does not say which provider/);
  });
});

describe('a terminal where one may paste', () => {
  it('goes on by itself when the browser does come back', async () => {
    const input = Object.assign(new PassThrough(), { isTTY: true });
    const { identity } = await signIn(stage.login(), stage.options({ tell: person().tell, input, timeoutMs: 5_000 }));
    assert.equal(identity.subject, 'ada');
    assert.equal(input.listenerCount('data'), 0);
  });
});

describe('signing in without a browser', () => {
  /** The network, but for the five seconds that the provider wants between two questions. */
  const impatient = async (url: string, init?: RequestInit): Promise<Response> => {
    const response = await fetch(url, init);
    if (!url.endsWith('/device/auth')) return response;
    return Response.json({ ...((await response.json()) as object), interval: 0.1 });
  };

  it('takes the device grant when it is asked for, and shows the address and the code', async () => {
    const { tell, steps } = person('ben');
    const { identity } = await signIn(stage.login({ fetch: impatient }), stage.options({ device: true, tell }));
    assert.equal(identity.subject, 'ben');
    const lines = steps.flatMap(linesOf).map(({ text }) => text);
    assert.match(lines.join('\n'), /user_code=(\w{4}-\w{4})\n.*the code \1\./);
  });

  it('takes it by itself in an SSH session, and says why', async () => {
    const { tell, steps } = person();
    const { device: _, ...byItself } = stage.options({ environment: { SSH_CONNECTION: '192.0.2.1 1 192.0.2.2 22' }, tell });
    await signIn(stage.login({ fetch: impatient }), byItself);
    assert.equal(steps[0]?.kind === 'device' && steps[0].because, 'this is an SSH session');
  });

  it('goes through the browser in an SSH session when the provider has no device grant', async () => {
    const without = await startForeignProvider({ deviceGrant: false });
    const { tell, steps } = person();
    const { device: _, ...byItself } = stage.options({ environment: { SSH_CONNECTION: '192.0.2.1 1 192.0.2.2 22' }, tell });
    await signIn(loginAt(without), byItself);
    assert.equal(steps[0]?.kind, 'browser');
    await without.close();
  });

  it('can be cancelled while it waits', async () => {
    const controller = new AbortController();
    const tell = () => controller.abort();
    await assert.rejects(signIn(stage.login(), stage.options({ device: true, tell, signal: controller.signal })), {
      code: 'login_denied',
    });
  });
});

/** True when something listens where this sign-in should come back to. */
async function connects(authorization: URL): Promise<boolean> {
  const socket = connect(Number(new URL(authorization.searchParams.get('redirect_uri') ?? '').port), '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
