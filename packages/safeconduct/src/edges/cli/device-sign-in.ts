import { SafeconductError } from '../../core/identity/errors.ts';
import type { DeviceGrant } from '../../core/protocol/device.ts';
import { pollDeviceLogin, startDeviceLogin } from '../../steps/login/device.ts';
import { type Login, wiringOf } from '../../steps/login/login.ts';
import type { SignedIn } from '../../steps/login/signed-in.ts';
import type { PresentPerson } from './browser-sign-in.ts';

/** Shows an address and a code, and waits until somebody has signed in there on any device: RFC 8628. */
export async function signInByDevice(login: Login, person: PresentPerson, because?: string): Promise<SignedIn> {
  return waitForDevice(login, await startDeviceLogin(login), person, because);
}

/** The same, where nobody asked for it: undefined when the provider does not offer it to this application. */
export async function signInByDeviceIfOffered(login: Login, person: PresentPerson, because: string): Promise<SignedIn | undefined> {
  const metadata = await wiringOf(login).link.metadata();
  if (metadata.device_authorization_endpoint === undefined) return undefined;
  const device = await startDeviceLogin(login).catch((error: unknown) => {
    if (error instanceof SafeconductError && error.code === 'login_denied') return undefined;
    throw error;
  });
  return device && waitForDevice(login, device, person, because);
}

function waitForDevice(login: Login, device: DeviceGrant, { tell, signal }: PresentPerson, because: string | undefined): Promise<SignedIn> {
  const { verificationUriComplete, verificationUri, userCode, expiresAt } = device;
  tell({ kind: 'device', url: verificationUriComplete ?? verificationUri, userCode, until: expiresAt, because });
  return pollDeviceLogin(login, device, { signal });
}
