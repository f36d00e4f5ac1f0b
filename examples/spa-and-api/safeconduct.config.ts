/** What an issuer is to know about the noticeboard: `npx safeconduct dev --config …` or `npx safeconduct apply --config …` applies it. */
import { issuerConfiguration } from './src/demo.ts';
import { placesFrom } from './src/places.ts';

export default issuerConfiguration(placesFrom());
