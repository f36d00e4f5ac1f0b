/** Making the issuer ask where it should not: by what a third party publishes, answers or redirects to. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { Visitor } from '../flows/ways.fixtures.test.ts';
import { type Api, goThere, type ReachWorld, startApi, startReachWorld } from './reach.fixtures.test.ts';

const inside = [
  'http://169.254.169.254/latest/meta-data/',
  'http://10.0.0.1/',
  'https://10.0.0.1/',
  'https://[fd00:ec2::254]/',
  'https://0xa9fea9fe/',
  'https://[::ffff:a9fe:a9fe]/',
];

describe('hostile: leading the issuer astray', () => {
  let world: ReachWorld;
  let canary: Api;
  let used = 0;
  before(async () => {
    [world, canary] = await Promise.all([startReachWorld({ others: 24 }), startApi()]);
  });
  after(async () => {
    await world?.stop();
    await canary?.close();
  });
  afterEach(() => {
    canary.seen.length = 0;
  });

  /** Metadata is remembered: each lie needs a third party that was not asked before. */
  function lying(lie: Readonly<Record<string, unknown>>, down?: (path: string) => number | undefined) {
    const connection = `party${used}`;
    const party = world.parties[used];
    used += 1;
    if (party === undefined) throw new Error('start the world with more others');
    party.script = { metadata: (honest) => ({ ...honest, ...lie }), ...(down && { down }) };
    return { connection, party };
  }

  /** Goes there and back, and gives what the person sees in the end and how long it took. */
  async function trip(...lie: Parameters<typeof lying>): Promise<{ readonly text: string; readonly ms: number }> {
    const { connection, party } = lying(...lie);
    const visitor = new Visitor();
    const url = await goThere(world, visitor, { connection });
    const begun = performance.now();
    const page = await visitor.get(url.searchParams.has('redirect_uri') ? party.answer(url) : url);
    return { text: page.text, ms: performance.now() - begun };
  }

  for (const member of ['token_endpoint', 'jwks_uri'] as const) {
    it(`R-038 SSR-01 asks no address inside that metadata names as ${member}`, async () => {
      for (const place of inside) {
        const lines = world.log.length;
        const { text } = await trip({ [member]: place });
        assert.ok(!text.includes('both of these') && !text.includes(new URL(place).hostname), place);
        assert.match(world.log.slice(lines).join(''), /is not (asked|reached): /, place);
      }
    });
  }

  it('R-038 R-073 SSR-01 sends a browser nowhere but to https, or to http where the third party itself has no other', async () => {
    for (const place of ['javascript:alert(1)', 'file:///etc/passwd', 'data:text/html,x', 'ftp://there.example/']) {
      const { connection } = lying({ authorization_endpoint: place });
      const { href } = await goThere(world, new Visitor(), { connection });
      assert.ok(href.startsWith(world.url), `${place}: ${href}`);
    }
  });

  it('R-038 SSR-04 follows no redirect of keys, userinfo or the token endpoint', async () => {
    for (const member of ['token_endpoint', 'jwks_uri', 'userinfo_endpoint']) {
      const redirecting = await startApi();
      redirecting.answer = (_request, response) => void response.writeHead(307, { location: `${canary.url}/led-astray` }).end();
      await trip({ [member]: redirecting.url });
      assert.ok(redirecting.seen.length > 0, member);
      await redirecting.close();
    }
    assert.deepEqual(canary.seen, []);
  });

  it('R-038 SSR-05 takes no endless keys, userinfo or tokens', async () => {
    const endless = await startApi();
    endless.answer = (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const more = () => {
        while (!response.destroyed && response.write(' '.repeat(65_536))) {}
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    };
    for (const member of ['token_endpoint', 'jwks_uri', 'userinfo_endpoint']) {
      const { ms } = await trip({ [member]: endless.url });
      assert.ok(ms < 4_000, `${member}: ${ms} ms`);
    }
    await endless.close();
  });

  it('says to the person what happened, and in the log where, without an answer of the third party', () => {
    const text = world.log.join('');
    assert.ok(!/id_token|access_token|code=|state=/.test(text));
  });
});
