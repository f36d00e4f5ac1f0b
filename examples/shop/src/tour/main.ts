/** `npm run tour`: the whole journey over real HTTP on free ports, without a browser and without typing. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startStack } from '../stack.ts';
import { act } from './act.ts';
import { connectCalendar } from './connect.ts';
import { disconnect } from './disconnect.ts';
import { createJourney } from './journey.ts';
import { leave } from './leave.ts';
import { freePorts } from './ports.ts';
import { signIn } from './sign-in.ts';
import { openVault } from './vault.ts';

process.exitCode = await main();

async function main(): Promise<number> {
  const begun = performance.now();
  const keep = process.env.TOUR_DATA;
  const dataDirectory = keep ?? mkdtempSync(join(tmpdir(), 'safeconduct-tour-'));
  const [issuerUrl, shopUrl, calendarUrl] = (await freePorts(3)).map((port) => `http://localhost:${port}`) as [string, string, string];
  const colour = process.stdout.isTTY === true && !process.env.NO_COLOR;
  const journey = createJourney({ print: (line) => console.log(line), colour });
  console.log(`The tour starts an issuer on ${issuerUrl}, a shop on ${shopUrl} and a calendar, as a third party, on ${calendarUrl}.\n`);
  try {
    const stack = await startStack({ issuerUrl, shopUrl, calendarUrl, dataDirectory, environment: ofItsOwn(process.env) });
    try {
      const traveller = await signIn(journey, { issuerUrl, shopUrl, calendarUrl, calendarLog: stack.logs.calendar ?? '' });
      await act(journey, traveller);
      await connectCalendar(journey, traveller);
      await disconnect(journey, traveller, await openVault(journey, traveller));
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
  const foreign = /^(DATABASE_URL|PORT$|MODEL$|OPENAI_|AZURE_|SHOP_|CALENDAR_|SAFECONDUCT_(?!LOG_LEVEL))/;
  const own = Object.entries(environment).filter(([name]) => !foreign.test(name));
  // Tokens of the calendar end soon, so that the tour sees one renewed; and the calendar keeps nothing.
  return { ...Object.fromEntries(own), CALENDAR_TOKEN_SECONDS: '36', CALENDAR_DATA: '' };
}
