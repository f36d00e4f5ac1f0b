import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { isSafeUrl } from '../../core/protocol/fetch.ts';
import type { Environment } from './surroundings.ts';

/** Throws a `TypeError` unless a browser may be sent to `url`: https anywhere, http on this machine only. */
export function assertBrowsable(url: URL): void {
  if (isSafeUrl(url)) return;
  throw new TypeError(`a browser is sent to https addresses only (http on this machine), not to ${url.protocol}//${url.host}`);
}

/** The program that opens an address, and its arguments. No shell reads any of them. */
export function browserCommand(url: URL, platform: NodeJS.Platform, environment: Environment): readonly [string, readonly string[]] {
  if (platform === 'darwin') return ['/usr/bin/open', [url.href]];
  if (platform === 'win32') {
    const system = join(environment.SystemRoot ?? 'C:\\Windows', 'System32', 'rundll32.exe');
    return [system, ['url.dll,FileProtocolHandler', url.href]];
  }
  return ['xdg-open', [url.href]];
}

/**
 * Asks the system to open `url` and does not wait for it. True when a program was started, which says nothing about
 * what became of it: whoever calls this prints the address as well.
 */
export async function openBrowser(url: URL, environment: Environment): Promise<boolean> {
  assertBrowsable(url);
  const [program, parameters] = browserCommand(url, process.platform, environment);
  try {
    const child = spawn(program, parameters, { detached: true, shell: false, stdio: 'ignore', windowsHide: true });
    child.on('error', () => {});
    child.unref();
    await once(child, 'spawn');
    return true;
  } catch {
    return false;
  }
}
