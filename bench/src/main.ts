/** Prints one budget: `npm run bench -- NAME [arguments]`. */
const benches = {
  query: () => import('./query.ts'),
  'sql-per-flow': () => import('./sql-per-flow.ts'),
  start: () => import('./start.ts'),
  races: () => import('./races.ts'),
  guard: () => import('./guard.ts'),
  introspection: () => import('./introspection.ts'),
  outage: () => import('./outage.ts'),
  vault: () => import('./vault.ts'),
  'vault-races': () => import('./vault-races.ts'),
  dialects: () => import('./dialects.ts'),
};

const [name, ...rest] = process.argv.slice(2);
if (name === undefined || !Object.hasOwn(benches, name)) {
  console.error(`Name one of: ${Object.keys(benches).join(', ')}. For example: npm run bench -- query`);
  process.exit(2);
}
const { run } = await benches[name as keyof typeof benches]();
await run(rest);
