import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { type ScriptedProvider, startScriptedProvider } from '@safeconduct/test-support/scripted-provider';
import type { DeviceGrant } from '../../core/protocol/device.ts';
import { generic } from '../../core/providers/generic.ts';
import { pollDeviceLogin, startDeviceLogin } from './device.ts';
import { createLogin, type Login } from './login.ts';

let provider: ScriptedProvider;
let login: Login;
let time: number;

beforeEach(async () => {
  time = Date.now();
  provider = await startScriptedProvider();
  login = createLogin({
    provider: generic({ issuer: provider.issuer }),
    clientId: 'terminal',
    redirectUri: 'http://127.0.0.1/callback',
    scopes: ['openid'],
    clock: () => time,
  });
});
afterEach(() => provider.close());

const answers = (...errors: string[]) => {
  provider.script.tokenRefusal = () => {
    const error = errors.shift();
    return error === undefined ? undefined : { status: error === 'down' ? 503 : 400, body: JSON.stringify({ error }) };
  };
};
const polls = () => provider.calls.get('/token') ?? 0;

describe('a sign-in on another device', () => {
  it('shows a code, waits, and gives an identity', async () => {
    answers('authorization_pending', 'authorization_pending');
    const device = await startDeviceLogin(login);
    assert.equal(device.userCode, 'WDJB-MJHT');
    assert.equal(device.verificationUri.href, `${provider.issuer}/activate`);
    assert.ok(!JSON.stringify(device).includes('dc-1'));
    assert.equal((await pollDeviceLogin(login, device)).identity.subject, 'person-1');
    assert.equal(polls(), 3);
  });

  for (const [word, label] of [
    ['slow_down', 'asks for it'],
    ['down', 'is out of reach'],
  ]) {
    it(`waits five seconds longer when the provider ${label}`, async () => {
      answers(word ?? '');
      const device = await startDeviceLogin(login);
      const expiresAt = new Date(time + 5_000);
      await assert.rejects(pollDeviceLogin(login, { ...device, expiresAt }), { code: 'login_timeout' });
      assert.equal(polls(), 1);
    });
  }

  it('ends when the person refuses', async () => {
    answers('access_denied');
    await assert.rejects(pollDeviceLogin(login, await startDeviceLogin(login)), { code: 'login_denied', message: /access_denied/ });
  });

  it('ends when the code expires, here or there', async () => {
    answers('expired_token');
    const device = await startDeviceLogin(login);
    await assert.rejects(pollDeviceLogin(login, device), { code: 'login_timeout' });
    time += 60_000;
    await assert.rejects(pollDeviceLogin(login, device), { code: 'login_timeout' });
    assert.equal(polls(), 1);
  });

  it('ends when it is cancelled', async () => {
    const device = await startDeviceLogin(login);
    const reason = new Error('Ctrl-C');
    const waiting: DeviceGrant = { ...device, intervalMs: 50_000 };
    await assert.rejects(pollDeviceLogin(login, waiting, { signal: AbortSignal.abort(reason) }), reason);
    const controller = new AbortController();
    const result = pollDeviceLogin(login, waiting, { signal: controller.signal });
    controller.abort(reason);
    await assert.rejects(result, reason);
  });

  it('R-073 is not sent to an address that is no web page', async () => {
    provider.script.device = (honest) => ({ ...honest, verification_uri: 'javascript:alert(1)' });
    await assert.rejects(startDeviceLogin(login), { code: 'provider_invalid' });
    provider.script.device = (honest) => ({ ...honest, user_code: '\u001b[2J' });
    await assert.rejects(startDeviceLogin(login), { code: 'provider_invalid' });
  });

  it('says so where the provider has no such thing', async () => {
    provider.script.metadata = ({ device_authorization_endpoint: _, ...rest }) => rest;
    await assert.rejects(startDeviceLogin(login), { code: 'provider_invalid', message: /device/ });
  });
});
