/** Whoever reads pages, addresses, answers or the log of an issuer finds no token of a third party there, in good days and bad ones. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Page, Visitor } from '../flows/ways.fixtures.test.ts';
import { accessToken, connectAccount, exchangeForProxy, goThere, type ReachWorld, startReachWorld } from './reach.fixtures.test.ts';

/** Remembers every page at which it arrived. */
class Witness extends Visitor {
  readonly pages: Page[] = [];

  override async get(address: string | URL, headers: Record<string, string> = {}): Promise<Page> {
    return this.#seen(await super.get(address, headers));
  }

  override async post(address: string | URL, fields: Record<string, string>, headers: Record<string, string> = {}): Promise<Page> {
    return this.#seen(await super.post(address, fields, headers));
  }

  #seen(page: Page): Page {
    this.pages.push(page);
    return page;
  }
}

const whole = ({ text, url, headers }: Page): string => [url.href, text, ...[...headers].map((pair) => pair.join(': '))].join('\n');

describe('hostile: looking for the tokens of a third party', () => {
  let world: ReachWorld;
  const ada = new Witness();
  /** Everything that the third party gave the issuer and nobody else should hold, by what it is. */
  const secrets = new Map<string, string>();

  before(async () => {
    world = await startReachWorld();
    world.there.script = {
      tokenAnswer: (honest) => {
        for (const name of ['access_token', 'refresh_token', 'id_token']) secrets.set(String(honest[name]), name);
        return honest;
      },
    };
  });
  after(() => world?.stop());

  const found = (text: string): string[] => [...secrets].filter(([value]) => text.includes(value)).map(([, name]) => name);

  async function goodAndBadDays(): Promise<string[]> {
    await connectAccount(world, ada);
    const token = (await exchangeForProxy(world, await accessToken(world, ada))).access_token ?? '';
    const ask = async (): Promise<string> => {
      const answer = await fetch(`${world.url}/proxy/calendar/events`, { headers: { authorization: `Bearer ${token}` } });
      return `${answer.status} ${[...answer.headers].flat().join(' ')} ${await answer.text()}`;
    };
    const answers = [await ask()];
    // The third party repeats what it was sent, in a header that is not passed on, and says that it is not good.
    world.api.answer = (request, response) => {
      const { authorization = '' } = request.headers;
      response.writeHead(401, { 'www-authenticate': `Bearer error_description="${authorization}"`, 'x-echo': authorization }).end();
    };
    answers.push(await ask());
    world.there.script = {
      ...world.there.script,
      tokenRefusal: (form) => ({ status: 400, body: `{"error":"invalid_grant","error_description":"${form}"}` }),
    };
    answers.push(await ask());
    await ada.get(world.there.answer(await goThere(world, ada)));
    world.there.script = { ...world.there.script, down: (path) => (path === '/revoke' ? 500 : undefined) };
    const account = await ada.get(`${world.url}/account`);
    await ada.submit(account, /\/disconnect$/);
    return answers;
  }

  it('R-146 R-125 finds none on a page, in an address, in an answer of the proxy or in the log', async () => {
    const answers = await goodAndBadDays();
    assert.ok(secrets.size >= 3 && [...secrets.keys()].every((value) => value.length > 20), 'the third party gave tokens');
    assert.ok(
      world.api.seen.some(({ headers }) => found(String(headers.authorization)).includes('access_token')),
      'and they were used',
    );
    assert.match(String(ada.pages.at(-1)?.text), /Disconnected|disconnected/);
    assert.ok(world.log.length > 20, 'the log was written');
    for (const page of ada.pages) assert.deepEqual(found(whole(page)), [], page.url.pathname);
    for (const answer of answers) assert.deepEqual(found(answer), [], answer.slice(0, 3));
    for (const line of world.log) assert.deepEqual(found(line), [], JSON.parse(line).msg);
  });
});
