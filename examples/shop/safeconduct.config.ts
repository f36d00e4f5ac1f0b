/** What the issuer is to know about this shop. `npm start` applies it; elsewhere `safeconduct apply` does. */
import { issuerConfiguration } from './src/issuer-configuration.ts';
import { settingsFrom } from './src/settings.ts';

export default issuerConfiguration(settingsFrom());
