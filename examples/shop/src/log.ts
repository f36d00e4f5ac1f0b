/** Writes one structured line. Fields never carry a token, a code, a message body or a query string. */
export type Log = (event: string, fields?: Readonly<Record<string, unknown>>) => void;

/** JSON lines on stdout. */
export const jsonLog: Log = (event, fields = {}) => {
  process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), event, ...fields })}\n`);
};

/** What may be logged of an error: its class, its code and its message, never its fields. */
export function errorFields(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { error: typeof error };
  const { code } = error as { code?: unknown };
  return { error: error.name, ...(typeof code === 'string' ? { code } : {}), message: error.message.slice(0, 500) };
}
