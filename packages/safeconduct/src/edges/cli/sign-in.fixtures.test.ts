import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { after, afterEach, before, beforeEach } from 'node:test';
import { generic } from '../../core/providers/generic.ts';
import { createLogin, type Login } from '../../steps/login/login.ts';
import { clientId, type ForeignProvider, openBrowserOf, resource, startForeignProvider } from './provider.fixtures.test.ts';
import type { SignInOptions } from './sign-in.ts';
import type { SignInStep } from './telling.ts';

/** A provider for all tests of a file and an empty directory for each. */
export interface Stage {
  readonly provider: () => ForeignProvider;
  readonly directory: () => string;
  login(options?: Partial<Parameters<typeof createLogin>[0]>): Login;
  options(options?: Partial<SignInOptions>): SignInOptions;
}

export const notAsked = (step: SignInStep): never => assert.fail(`was asked: ${JSON.stringify(step)}`);

export const loginAt = ({ issuer }: ForeignProvider, options: Partial<Parameters<typeof createLogin>[0]> = {}): Login =>
  createLogin({
    provider: generic({ issuer }),
    clientId,
    redirectUri: 'http://127.0.0.1/callback',
    scopes: ['openid', 'offline_access', 'orders:read'],
    resource,
    ...options,
  });

/** Sets the stage before the tests of this file, and clears it after them. */
export function setStage(): Stage {
  let provider: ForeignProvider | undefined;
  let directory = '';
  before(async () => {
    provider = await startForeignProvider();
  });
  after(() => provider?.close());
  beforeEach(async () => {
    directory = join(await mkdtemp(join(tmpdir(), 'sign-in-')), 'credentials');
  });
  afterEach(() => rm(join(directory, '..'), { recursive: true }));
  const current = () => provider ?? assert.fail('the provider has not started');
  return {
    provider: current,
    directory: () => directory,
    login: (options) => loginAt(current(), options),
    options: (options) => ({
      environment: {},
      directory,
      keyring: false,
      device: false,
      open: async () => false,
      input: new PassThrough(),
      ...options,
    }),
  };
}

/** Somebody at a browser. */
export interface Shown {
  readonly steps: SignInStep[];
  readonly tell: (step: SignInStep) => void;
  /** The last page that the person at the browser saw. */
  page(): Promise<{ status: number; text: string }>;
}

/** Somebody who does what the terminal says, as `login`. */
export function person(login = 'ada'): Shown {
  const steps: SignInStep[] = [];
  const pages: Promise<{ status: number; text: string }>[] = [];
  const tell = (step: SignInStep) => {
    steps.push(step);
    if (step.kind !== 'notice') pages.push(openBrowserOf().signIn(step.url, login));
  };
  return { steps, tell, page: async () => (await pages.at(-1)) ?? assert.fail('nothing was opened') };
}
