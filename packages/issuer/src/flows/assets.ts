/** The stylesheet and the icon, under names that change when they do, so that browsers may keep them for ever. */
import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Frame } from '../pages/layout.ts';

export interface Asset {
  /** Path below the origin. */
  readonly path: string;
  readonly type: string;
  readonly body: string;
}

const files = [
  ['safeconduct', 'css', 'text/css; charset=utf-8'],
  ['favicon', 'svg', 'image/svg+xml'],
] as const;

/** Reads the files that pages need. */
export function readAssets(directory: URL = new URL('../../assets/', import.meta.url)): Asset[] {
  return files.map(([name, extension, type]) => {
    const body = readFileSync(new URL(`${name}.${extension}`, directory), 'utf8');
    return { path: `/assets/${name}.${hash('sha256', body, 'hex').slice(0, 12)}.${extension}`, type, body };
  });
}

/** Links to places outside the issuer's pages. They are shown where they are set. */
export interface Links {
  readonly help?: string | undefined;
  readonly privacy?: string | undefined;
}

/** What every page of this issuer has around it. */
export function createFrame(issuer: string, assets: readonly Asset[], { help, privacy }: Links = {}): Frame {
  const pathOf = (type: string) => assets.find((asset) => asset.type.startsWith(type))?.path ?? '';
  return Object.freeze({ host: new URL(issuer).host, stylesheet: pathOf('text/css'), icon: pathOf('image/svg'), help, privacy });
}
