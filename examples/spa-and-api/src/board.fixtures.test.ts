/** A whole noticeboard for tests: the issuer, the API, and the page as it is built, each on a free port of this machine. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createIssuer, type Issuer } from '@safeconduct/issuer';
import { freePort } from '@safeconduct/test-support/ports';
import { quickStorage, type TestStorage } from '@safeconduct/test-support/postgres';
import type { RefusalEvent } from 'safeconduct/protect';
import { build, preview } from 'vite';
import { type RunningApi, serveApi } from './api/serve.ts';
import { createTrust } from './api/trust.ts';
import { issuerConfiguration } from './demo.ts';
import { portOf } from './places.ts';
import { siteConfig } from './site.ts';

export interface Board {
  readonly issuer: string;
  readonly api: string;
  readonly spa: string;
  readonly refused: RefusalEvent[];
  /** Ends the issuer, and starts the API again, which then knows no keys. */
  loseIssuer(): Promise<void>;
  close(): Promise<void>;
}

/** `page: false` leaves the page out, which takes the longest. */
export async function startBoard({ page = true } = {}): Promise<Board> {
  const directory = mkdtempSync(join(tmpdir(), 'noticeboard-'));
  const [issuerPort, apiPort, spaPort] = [await freePort(), await freePort(), await freePort()];
  const issuer = `http://localhost:${issuerPort}`;
  const api = `http://localhost:${apiPort}`;
  const spa = `http://localhost:${spaPort}`;
  const places = { issuer, api, spa, clientId: 'noticeboard', docsClientId: 'noticeboard-docs', audience: `${api}/api` };
  const refused: RefusalEvent[] = [];
  const storage = await quickStorage();
  const openApi = () => serveApi({ trust: createTrust(places), spa, log: (event) => refused.push(event) }, portOf(api));
  const [provider, site, first] = await Promise.all([
    startIssuer({ url: issuer, directory, configuration: issuerConfiguration(places), storage }),
    page ? startSite(places, join(directory, 'site')) : undefined,
    openApi(),
  ]);
  let running: RunningApi = first;
  return {
    issuer,
    api,
    spa,
    refused,
    async loseIssuer() {
      await Promise.all([provider.close(0), running.close()]);
      running = await openApi();
    },
    async close() {
      await Promise.all([site?.close(), running.close(), provider.close(100)]);
      await storage.drop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

interface IssuerWish {
  readonly url: string;
  readonly directory: string;
  readonly configuration: ReturnType<typeof issuerConfiguration>;
  readonly storage: TestStorage;
}

async function startIssuer({ url, directory, configuration, storage: { settings } }: IssuerWish): Promise<Issuer> {
  const issuer = await createIssuer({
    ...settings,
    issuer: url,
    dataDirectory: join(directory, 'issuer'),
    configuration,
    logLevel: 'silent',
  });
  await issuer.listen();
  return issuer;
}

async function startSite(places: Parameters<typeof siteConfig>[0], outDir: string) {
  const config = { configFile: false, logLevel: 'warn', ...siteConfig(places) } as const;
  await build({ ...config, build: { ...config.build, outDir, emptyOutDir: true } });
  return preview({ ...config, build: { outDir } });
}
