/** The application alone, for a provider that runs already. */
import { serveApp } from './serve.ts';
import { SettingsError, settingsFrom } from './settings.ts';

try {
  const settings = settingsFrom();
  const running = await serveApp(settings);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void running.close().then(() => process.exit(0)));
  console.log(`The planner is ready at ${settings.app}`);
} catch (error) {
  if (!(error instanceof SettingsError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
