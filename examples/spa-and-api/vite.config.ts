/** For `vite build` and `vite preview`. `npm start` makes the same page for its own places. */
import { defineConfig } from 'vite';
import { placesFrom } from './src/places.ts';
import { siteConfig } from './src/site.ts';

export default defineConfig(siteConfig(placesFrom()));
