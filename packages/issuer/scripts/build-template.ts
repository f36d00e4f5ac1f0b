/** Writes assets/pglite-<version>.tar.br: an empty cluster, so that a first start need not run initdb. Run it after updating PGlite. */
import { globSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants } from 'node:zlib';
import { PGlite } from '@electric-sql/pglite';
import { templatePath } from '../src/store/pglite.ts';

const database = await PGlite.create();
await database.exec('checkpoint');
const tar = Buffer.from(await (await database.dumpDataDir('none')).arrayBuffer());
await database.close();
const compressed = brotliCompressSync(tar, {
  params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24, [constants.BROTLI_PARAM_SIZE_HINT]: tar.length },
});
const target = fileURLToPath(templatePath());
for (const old of globSync(target.replace(/pglite-.*$/, 'pglite-*.tar.br'))) rmSync(old);
writeFileSync(target, compressed);
console.log(`${target}: ${compressed.length} bytes for ${tar.length}`);
