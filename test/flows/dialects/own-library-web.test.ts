/** Web sessions of our own library with the vendors' presets: from the first redirect to the notice that the person signed out. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { createWebLogin, memorySessions, signOutUrl, startLogin, type WebLogin } from 'safeconduct/login';
import { loginAt, type Vendor, vendors } from './own-library.fixtures.test.ts';
import { ADA, CALLBACK, POST_LOGOUT, startWorld, Visitor, type World, withApplication } from './world.fixtures.test.ts';

describe('a web session that began at an origin', () => {
  let world: World;
  /** The application of the session that is being tried. */
  let web: WebLogin;
  const application = createServer(async (request, response) => {
    const { status } = await web.receiveBackChannelLogout(await requestOf(request));
    response.writeHead(status).end();
    application.emit('told', status);
  });

  before(async () => {
    await once(application.listen(0, '127.0.0.1'), 'listening');
    const backchannelLogoutUri = `http://127.0.0.1:${(application.address() as AddressInfo).port}/backchannel`;
    world = await startWorld({
      dialects: vendors.map(({ dialect }) => dialect).filter((dialect) => dialect !== 'standard'),
      declare: (base) => withApplication(base, 'shop-web', () => ({ backchannelLogoutUri })),
    });
  });
  after(async () => {
    await world?.stop();
    application.closeAllConnections();
    application.close();
  });

  /** Somebody in a browser that knows both the application and the provider. */
  async function signInOnTheWeb(vendor: Vendor) {
    const login = loginAt(world, vendor);
    web = createWebLogin({ login, sessions: memorySessions(), secret: 'a secret of thirty-two characters or more' });
    const begun = await web.begin(new Request(`${home}/login`));
    const visitor = new Visitor();
    const { url: back } = await visitor.visit(begun.headers.get('location') ?? assert.fail('the sign-in led nowhere'));
    const finished = await web.finish(new Request(back, { headers: { cookie: cookieOf(begun) } }));
    const headers = { cookie: cookieOf(finished), origin: home, 'sec-fetch-site': 'same-origin' };
    return { login, visitor, request: (method = 'GET') => new Request(`${home}/`, { method, headers }) };
  }

  for (const vendor of vendors) {
    it(`R-061 at ${vendor.dialect} ends when the person signs out there`, async () => {
      const { login, visitor, request } = await signInOnTheWeb(vendor);
      assert.ok((await web.sessionOf(request()))?.identity.subject.endsWith(ADA.id));
      const told = once(application, 'told', { signal: AbortSignal.timeout(10_000) });
      const out = await signOutUrl(login);
      const { url } = await visitor.visit(out?.href ?? assert.fail('there is no page to sign out'));
      assert.equal(url.href, POST_LOGOUT);
      assert.deepEqual(await told, [200]);
      assert.equal(await web.sessionOf(request()), undefined);
    });

    it(`R-061 at ${vendor.dialect} ends the session there when the person signs out here`, async () => {
      const { visitor, request } = await signInOnTheWeb(vendor);
      const out = await web.signOut(request('POST'));
      const { url } = await visitor.visit(out.headers.get('location') ?? assert.fail('the sign-out led nowhere'));
      assert.equal(url.href, POST_LOGOUT);
      assert.equal(await web.sessionOf(request()), undefined);
      const { url: begin } = await startLogin(loginAt(world, vendor), { prompt: 'none' });
      assert.match((await visitor.visit(begin.href)).url.searchParams.get('error') ?? '', /^(login|interaction)_required$/);
    });
  }
});

const { origin: home } = new URL(CALLBACK);

const cookieOf = (response: Response): string =>
  response.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ');

async function requestOf(request: IncomingMessage): Promise<Request> {
  const { 'content-type': type = '' } = request.headers;
  return new Request(`${home}${request.url}`, { method: 'POST', body: await text(request), headers: { 'content-type': type } });
}
