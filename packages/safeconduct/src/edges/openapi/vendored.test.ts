import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { globSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';

const assets = join(import.meta.dirname, '../../../assets');
const read = (file: string) => readFileSync(join(assets, file));

describe('the files of the docs page', () => {
  it('are Swagger UI’s own where they come from it, to the byte, with its licences', () => {
    const readme = read('swagger-ui/README.md').toString();
    const rows = [...readme.matchAll(/^\| (\S+) \| `([0-9a-f]{64})` \|$/gm)].map(([, file = '', sum = '']) => ({ file, sum }));
    for (const { file, sum } of rows) assert.equal(hash('sha256', read(`swagger-ui/${file}`), 'hex'), sum, file);
    const listed = rows.map(({ file }) => file);
    assert.deepEqual(readdirSync(join(assets, 'swagger-ui')).toSorted(), [...listed, 'README.md'].toSorted());
    for (const file of ['LICENSE', 'NOTICE', 'swagger-ui-bundle.js.LICENSE.txt']) assert.ok(listed.includes(file), file);
  });

  it('have the looks of the issuer’s pages', () => {
    const issuer = readFileSync(join(assets, '../../issuer/assets/safeconduct.css'));
    assert.deepEqual(
      read('docs/safeconduct.css'),
      issuer,
      'copy packages/issuer/assets/safeconduct.css to packages/safeconduct/assets/docs',
    );
  });

  it('keep no token and name no other origin', () => {
    for (const file of globSync('docs/*.{js,css}', { cwd: assets })) {
      const text = read(file).toString().replaceAll('http://www.w3.org/2000/svg', '');
      assert.doesNotMatch(text, /https?:\/\/|localStorage|sessionStorage|document\.cookie|innerHTML|client_secret=/, file);
    }
  });
});
