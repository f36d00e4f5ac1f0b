/** The API alone, for a provider that runs already and a page that somebody else serves. */
import { placesFrom, SettingsError } from '../places.ts';
import { startApi } from './serve.ts';

try {
  const places = placesFrom();
  await startApi(places);
  console.log(`The API is ready: ${places.api}/docs, for tokens of ${places.issuer}`);
} catch (error) {
  if (!(error instanceof SettingsError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
