/** Times and scopes in words. */

const units = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
] as const;

/** A length of time in its largest sensible unit, rounded up: `5 minutes`. */
export function duration(seconds: number): string {
  const whole = Math.max(1, Math.ceil(seconds));
  const [name, size] = units.find(([, length]) => whole >= length) ?? ['second', 1];
  const count = Math.ceil(whole / size);
  return `${count} ${name}${count === 1 ? '' : 's'}`;
}

/** How long ago something was: `40 seconds ago`. */
export function ago(seconds: number): string {
  const whole = Math.floor(seconds);
  if (whole < 1) return 'just now';
  const [, size] = units.find(([, length]) => whole >= length) ?? ['second', 1];
  return `${duration(whole - (whole % size))} ago`;
}

const clock = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  hour12: false,
  timeZone: 'UTC',
});

/** A moment with its zone, because the server does not know the reader's: `22 Nov 2026, 14:31 UTC`. */
export function moment(at: Date): string {
  return `${clock.format(at)} UTC`;
}

const standard: Readonly<Record<string, string>> = {
  openid: 'Know that it is you',
  profile: 'See your name',
  email: 'See your e-mail address',
  offline_access: 'Stay connected while you are away',
};

/** A scope that an app asks for. */
export interface AskedScope {
  readonly name: string;
  /** What the owner of the API says it allows. */
  readonly description?: string | undefined;
}

/** What a scope allows, verb first. A scope that nobody described is named as it is. */
export function scopeInWords({ name, description }: AskedScope): string {
  return description ?? standard[name] ?? `Use ${name}`;
}
