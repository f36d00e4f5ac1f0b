/** Takes Swagger UI over from npm: `node scripts/vendor-swagger-ui.ts`. Its README then says what lies there, to the byte. */
import { execFileSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const version = '5.35.0';
const files = ['swagger-ui-bundle.js', 'swagger-ui-bundle.js.LICENSE.txt', 'LICENSE', 'NOTICE'];
const target = join(import.meta.dirname, '../packages/safeconduct/assets/swagger-ui');

const scratch = mkdtempSync(join(tmpdir(), 'swagger-ui-'));
try {
  const packed = execFileSync('npm', ['pack', `swagger-ui-dist@${version}`, '--json', '--ignore-scripts', '--pack-destination', scratch]);
  const [{ filename, integrity }] = JSON.parse(packed.toString()) as [{ filename: string; integrity: string }];
  execFileSync('tar', ['-xzf', join(scratch, filename), '-C', scratch]);
  for (const file of files) copyFileSync(join(scratch, 'package', file), join(target, file));
  writeFileSync(join(target, 'README.md'), readme(integrity));
  console.log(`swagger-ui-dist ${version} is in ${target}`);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

function readme(integrity: string): string {
  const rows = files.map((file) => `| ${file} | \`${hash('sha256', readFileSync(join(target, file)), 'hex')}\` |`);
  return `# Swagger UI ${version}

Files of the npm package \`swagger-ui-dist\` ${version}, unchanged. Apache-2.0: LICENSE and NOTICE are Swagger UI's own,
swagger-ui-bundle.js.LICENSE.txt names what is bundled in it. \`scripts/vendor-swagger-ui.ts\` put them here; change the version
there, never a file here. The page's own scripts and looks are in \`../docs\`.

Package: \`${integrity}\`

| file | SHA-256 |
|---|---|
${rows.join('\n')}
`;
}
