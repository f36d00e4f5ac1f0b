/** Runs the shop until it is told to stop. `npm start` runs it beside the issuer. */
import { SafeconductError } from 'safeconduct/identity';
import { DatabaseInUse } from './database/lock.ts';
import { DatabaseUnusable } from './database/open.ts';
import { PortTaken } from './server.ts';
import { SettingsError, settingsFrom } from './settings.ts';
import { createShop, type Shop } from './shop.ts';

let opening: Promise<Shop> | undefined;
let ending = false;

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void end());
// Whoever started us has died: nobody else would ever stop us.
process.once('disconnect', () => void end());

try {
  opening = createShop(settingsFrom());
  const shop = await opening;
  if (!ending) {
    await shop.listen();
    process.send?.({ ready: shop.url });
  }
} catch (error) {
  console.error(lastWords(error));
  process.exitCode = 1;
  await end();
}

async function end(): Promise<void> {
  if (ending) return;
  ending = true;
  // Told to stop while it starts: what is being opened is closed in order, so that its lock is let go.
  const shop = await opening?.catch(() => undefined);
  await shop?.close();
  process.exit();
}

/** A sentence for what a person can put right; the whole story for everything else. */
function lastWords(error: unknown): string {
  const known = [SettingsError, PortTaken, DatabaseInUse, DatabaseUnusable];
  if (error instanceof Error && known.some((kind) => error instanceof kind)) return error.message;
  if (error instanceof SafeconductError) return `${error.code}: ${error.message}`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
