#!/usr/bin/env node
/**
 * Starts the `safeconduct` command: the built one of an installed package, or, in a checkout of the repository, the
 * sources as they are. Written so that an old Node can read it, and say that it is too old.
 */
import { existsSync } from 'node:fs';
import * as nodeModule from 'node:module';

const needed = [24, 7];
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const sources = new URL('../src/bin.ts', import.meta.url);

if (major < needed[0] || (major === needed[0] && minor < needed[1])) {
  console.error(
    `safeconduct: Node ${needed.join('.')} or newer is needed, and this is ${process.versions.node}. ` +
      'Run `npx safeconduct` in the project that has it installed, or install a newer Node from https://nodejs.org',
  );
  process.exitCode = 1;
} else {
  // Node strips no types below node_modules, so an installed package runs what was built.
  const installed = sources.pathname.includes('/node_modules/') || !existsSync(sources);
  if (!installed) preferSources();
  await import(installed ? new URL('../dist/bin.js', import.meta.url).href : sources.href);
}

/** What `--conditions=safeconduct-source` does, for this process and without starting another one. */
function preferSources() {
  nodeModule.registerHooks({
    resolve: (specifier, context, next) => next(specifier, { ...context, conditions: [...context.conditions, 'safeconduct-source'] }),
  });
}
