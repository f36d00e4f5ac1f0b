import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

/** A file that never changes while the program runs. */
export interface DocsFile {
  readonly name: string;
  readonly type: string;
  readonly body: Uint8Array<ArrayBuffer>;
  /** Made once, when somebody first asks. */
  gzipped(): Promise<Uint8Array<ArrayBuffer>>;
}

/** Everything that the docs page is made of. */
export interface DocsFiles {
  /** Stands in the address of each file and changes when any of them does, so that browsers may keep them for ever. */
  readonly release: string;
  readonly byName: ReadonlyMap<string, DocsFile>;
}

const types: Readonly<Record<string, string>> = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
};

const sources = [
  'swagger-ui/swagger-ui-bundle.js',
  'docs/safeconduct.css',
  'docs/docs.css',
  'docs/labels.js',
  'docs/page.js',
  'docs/panel.js',
  'docs/session.js',
  'docs/plugin.js',
  'docs/sign-in.js',
  'docs/redirect.js',
  'docs/favicon.svg',
];

/** Reads the files, from this package. */
export function readDocsFiles(): DocsFiles {
  const files = sources.map(docsFile);
  const release = createHash('sha256');
  for (const { body } of files) release.update(body);
  return Object.freeze({ release: release.digest('hex').slice(0, 16), byName: new Map(files.map((file) => [file.name, file])) });
}

function docsFile(path: string): DocsFile {
  const body = new Uint8Array(readFileSync(new URL(`../../../assets/${path}`, import.meta.url)));
  const name = path.slice(path.indexOf('/') + 1);
  let small: Promise<Uint8Array<ArrayBuffer>> | undefined;
  return {
    name,
    type: types[name.slice(name.lastIndexOf('.') + 1)] ?? 'application/octet-stream',
    body,
    gzipped() {
      small ??= promisify(gzip)(body).then((bytes) => new Uint8Array(bytes));
      return small;
    },
  };
}
