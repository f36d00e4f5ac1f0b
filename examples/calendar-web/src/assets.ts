import { readFileSync } from 'node:fs';
import { Hono } from 'hono';

/** What pages load: the product's stylesheet and icon, as the issuer ships them, and what the planner adds. */
const files: Readonly<Record<string, { readonly url: string; readonly type: string }>> = {
  'safeconduct.css': { url: import.meta.resolve('@safeconduct/issuer/assets/safeconduct.css'), type: 'text/css; charset=utf-8' },
  'planner.css': { url: import.meta.resolve('./pages/planner.css'), type: 'text/css; charset=utf-8' },
  'favicon.svg': { url: import.meta.resolve('@safeconduct/issuer/assets/favicon.svg'), type: 'image/svg+xml' },
};

/** Serves these files from memory. Nothing else can be asked for. */
export function createAssets(): Hono {
  const assets = new Hono();
  for (const [name, { url, type }] of Object.entries(files)) {
    const content = readFileSync(new URL(url), 'utf8');
    assets.get(`/${name}`, (context) => context.body(content, 200, { 'content-type': type, 'cache-control': 'public, max-age=300' }));
  }
  return assets;
}
