/** The settings with these names, from the environment or from `.env`. Ends the program, and says what to do, where one is missing. */
export function settings<Name extends string>(...names: readonly Name[]): Record<Name, string> {
  const given = names.map((name) => [name, process.env[name]?.trim() ?? ''] as const);
  const missing = given.filter(([, value]) => value === '').map(([name]) => name);
  if (missing.length > 0)
    end(`Not set: ${missing.join(', ')}. Copy .env.example to .env and fill it in; README.md has the commands that give the values.`);
  return Object.fromEntries(given) as Record<Name, string>;
}

/** Where the API listens: on this computer only. */
export const place = { host: '127.0.0.1', port: portFrom(process.env.PORT) };

/** Says that the API is ready, or why it is not. */
export function announce(error?: Error | null): void {
  if (error) end(`The API cannot listen on ${place.host}:${place.port}: ${error.message}. Set PORT to another port.`);
  console.log(`The API is ready: http://${place.host}:${place.port}/api/public`);
}

function portFrom(value = '5000'): number {
  if (/^\d{1,5}$/.test(value) && Number(value) > 0 && Number(value) <= 65_535) return Number(value);
  return end(`PORT is "${value}": write a number from 1 to 65535.`);
}

function end(message: string): never {
  console.error(message);
  process.exit(1);
}
