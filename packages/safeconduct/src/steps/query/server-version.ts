/** First minor release of each major that has the security fixes of 2026-11. */
const FIXED: Readonly<Record<number, number>> = { 18: 7, 17: 12, 16: 16, 15: 20, 14: 25 };

/**
 * Says why a server is too old, or nothing when it is not.
 *
 * @param version As `server_version_num` spells it: 150018 is 15.18.
 */
export function outdated(version: number): string | undefined {
  const major = Math.floor(version / 10_000);
  const minor = version % 10_000;
  if (major > 18) return undefined;
  const fixed = FIXED[major];
  if (fixed === undefined) return `PostgreSQL ${major} no longer gets security releases: upgrade`;
  if (minor >= fixed) return undefined;
  return `PostgreSQL ${major}.${minor} has known holes in row security: upgrade to ${major}.${fixed}`;
}
