/** Builds what is published: JavaScript and declarations of each package in its `dist`, and the files that it reads. */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, globSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '..');

for (const name of ['safeconduct', 'issuer']) {
  const base = join(root, 'packages', name);
  rmSync(join(base, 'dist'), { recursive: true, force: true });
  const project = join(base, 'tsconfig.build.json');
  const compilerOptions = { noEmit: false, rootDir: 'src', outDir: 'dist', customConditions: [] };
  writeFileSync(
    project,
    JSON.stringify({
      extends: '../../tsconfig.json',
      compilerOptions,
      include: ['src'],
      exclude: ['src/**/*.test.ts', 'src/**/testing/**'],
    }),
  );
  try {
    execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', project], { stdio: 'inherit' });
  } finally {
    rmSync(project);
  }
  for (const file of globSync('src/**/*.{sql,txt,json}', { cwd: base })) {
    const target = join(base, 'dist', file.slice('src/'.length));
    if (existsSync(dirname(target))) cpSync(join(base, file), target);
    else cpSync(join(base, file), target, { recursive: true });
  }
}
