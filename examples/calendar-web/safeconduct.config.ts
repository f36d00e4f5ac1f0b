/** What an issuer is to know about the planner: `npx safeconduct dev --config …` or `npx safeconduct apply --config …` applies it. */
import { issuerConfiguration } from './src/demo.ts';
import { settingsFrom } from './src/settings.ts';

export default issuerConfiguration(settingsFrom());
