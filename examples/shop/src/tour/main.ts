/** `npm run tour`: the whole journey over real HTTP on free ports, without a browser and without typing. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startStack } from '../stack.ts';
import { act } from './act.ts';
import { createJourney } from './journey.ts';
import { leave } from './leave.ts';
import { freePorts } from './ports.ts';
import { signIn } from './sign-in.ts';

process.exitCode = await main();

async function main(): Promise<number> {
  const begun = performance.now();
  const keep = process.env.TOUR_DATA;
  const dataDirectory = keep ?? mkdtempSync(join(tmpdir(), 'safeconduct-tour-'));
  const [issuerPort, shopPort] = await freePorts(2);
  const issuerUrl = `http://localhost:${issuerPort}`;
  const shopUrl = `http://localhost:${shopPort}`;
  const colour = process.stdout.isTTY === true && !process.env.NO_COLOR;
  const journey = createJourney({ print: (line) => console.log(line), colour });
  console.log(`The tour starts an issuer on ${issuerUrl} and a shop on ${shopUrl}.\n`);
  try {
    const stack = await startStack({ issuerUrl, shopUrl, dataDirectory, environment: ofItsOwn(process.env) });
    try {
      const traveller = await signIn(journey, { issuerUrl, shopUrl });
      await act(journey, traveller);
      await leave(journey, traveller);
    } finally {
      await stack.stop();
    }
    console.log(`\n${journey.done} steps, all as promised, in ${((performance.now() - begun) / 1000).toFixed(1)} s.`);
    return 0;
  } catch (error) {
    console.error(`\nThe tour stopped after ${journey.done} steps: ${error instanceof Error ? error.message : error}`);
    return 1;
  } finally {
    if (keep === undefined) rmSync(dataDirectory, { recursive: true, force: true });
  }
}

/** The tour brings its own database and its own stand-in for a model: it touches no database of yours and calls nobody. */
function ofItsOwn(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const foreign = /^(DATABASE_URL|PORT$|MODEL$|OPENAI_|AZURE_|SHOP_|SAFECONDUCT_(?!LOG_LEVEL))/;
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !foreign.test(name)));
}
