import { fileURLToPath } from 'node:url';
import type { Plugin, UserConfig } from 'vite';
import { type Places, portOf } from './places.ts';
import { pageHeaders, policy } from './policy.ts';

/** How Vite builds and serves the page for these places. */
export function siteConfig(places: Pick<Places, 'issuer' | 'clientId' | 'api' | 'audience' | 'spa'>): UserConfig {
  const { issuer, clientId, api, audience, spa } = places;
  return {
    root: fileURLToPath(new URL('..', import.meta.url)),
    define: {
      'import.meta.env.VITE_ISSUER': JSON.stringify(issuer),
      'import.meta.env.VITE_CLIENT_ID': JSON.stringify(clientId),
      'import.meta.env.VITE_API': JSON.stringify(api),
      'import.meta.env.VITE_AUDIENCE': JSON.stringify(audience),
    },
    plugins: [policyInPage(policy(places))],
    build: { target: 'es2022', modulePreload: { polyfill: false }, assetsInlineLimit: 0 },
    preview: { host: new URL(spa).hostname, port: portOf(spa), strictPort: true, headers: pageHeaders(places) },
  };
}

/** Writes the policy into the built page, so that it holds wherever the page is served from. */
function policyInPage(content: string): Plugin {
  return {
    name: 'policy-in-page',
    apply: 'build',
    transformIndexHtml: () => [{ tag: 'meta', attrs: { 'http-equiv': 'Content-Security-Policy', content }, injectTo: 'head-prepend' }],
  };
}
