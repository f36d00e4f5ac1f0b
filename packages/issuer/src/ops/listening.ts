/** Every address that the issuer listens on: its own, and those of its origins. */
import type { Settings } from '../config.ts';
import type { Handler } from './front.ts';
import { openLocalAuthority } from './local-authority.ts';
import { type Listening, listen } from './server.ts';

/** Where one of them is. */
export interface Listener {
  readonly setting: { readonly url: string; readonly host: string; readonly port: number; readonly tls: boolean };
  readonly handler: Handler;
}

export const mainSetting = ({ issuer, host, port }: Settings): Listener['setting'] => ({ url: issuer, host, port, tls: false });

/** Listens on all of them, or on none: throws an error that says what to do when a port is taken. */
export async function listenEverywhere(main: Listener, others: readonly Listener[], { dataDirectory }: Settings): Promise<Listening> {
  const hosts = others.filter(({ setting }) => setting.tls).map(({ setting }) => new URL(setting.url).hostname);
  const authority = hosts.length > 0 ? await openLocalAuthority(dataDirectory) : undefined;
  const tls = await authority?.certificateFor(hosts);
  const listening: Listening[] = [];
  const close = async (drain: number) => void (await Promise.all(listening.map((one) => one.close(drain))));
  try {
    for (const { setting, handler } of [main, ...others]) {
      const { host, port, url } = setting;
      const origin = setting === main.setting ? undefined : url;
      listening.push(
        await listen(handler, { host, port, origin, alsoLoopback6: answersLocalhost(setting), ...(setting.tls && tls && { tls }) }),
      );
    }
  } catch (error) {
    await close(0);
    throw error;
  }
  return { close };
}

function answersLocalhost({ url, host }: Listener['setting']): boolean {
  return new URL(url).hostname === 'localhost' && host === '127.0.0.1';
}
