/** Runs the calendar until it is told to stop. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { type CalendarApi, createCalendarApi } from './calendar-api.ts';
import { PortTaken } from './server.ts';
import { SettingsError, settingsFrom } from './settings.ts';
import { StateUnusable } from './state.ts';

let calendar: CalendarApi | undefined;

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void end());
// Whoever started us has died: nobody else would ever stop us.
process.once('disconnect', () => void end());

try {
  const { client, file, ...settings } = settingsFrom();
  if (file !== undefined) mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const log = (line: string) => console.log(JSON.stringify({ time: new Date().toISOString(), request: line }));
  calendar = await createCalendarApi({ ...settings, ...(file === undefined ? {} : { file }), clients: [client], log });
  console.log(JSON.stringify({ time: new Date().toISOString(), event: 'listening', url: calendar.url }));
  process.send?.({ ready: calendar.url });
} catch (error) {
  const known = [SettingsError, PortTaken, StateUnusable];
  const plain = error instanceof Error && known.some((kind) => error instanceof kind);
  console.error(plain ? error.message : error);
  process.exit(1);
}

async function end(): Promise<void> {
  await calendar?.close();
  process.exit();
}
