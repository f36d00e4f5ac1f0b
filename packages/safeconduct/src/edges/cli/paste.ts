import { createInterface } from 'node:readline';
import type { Arrival } from './loopback.ts';
import { answersSignIn } from './loopback.ts';

/** One sign-in that may be answered by pasting. */
export interface PasteOptions {
  readonly input: NodeJS.ReadableStream;
  readonly redirectUri: string;
  readonly state: string;
  /** The provider names itself in its answer (RFC 9207), so a code alone is not enough. */
  readonly issuerIsNamed: boolean;
  readonly signal: AbortSignal;
  /** Told in one sentence why a line was not taken. */
  readonly refuse: (message: string) => void;
}

const bareCode = /^[\w.~+/=-]{8,2048}$/;

/** The callback URL that a pasted line stands for, or the reason why it is none. */
export function readPaste(
  line: string,
  { redirectUri, state, issuerIsNamed }: Pick<PasteOptions, 'redirectUri' | 'state' | 'issuerIsNamed'>,
): URL | string {
  const text = line.trim();
  if (bareCode.test(text) && !URL.canParse(text)) {
    if (issuerIsNamed) return 'A code alone does not say which provider it comes from: paste the whole address.';
    return new URL(`${redirectUri}?${new URLSearchParams({ code: text, state })}`);
  }
  const registered = new URL(redirectUri);
  const url = URL.parse(text);
  if (url?.origin !== registered.origin || url.pathname !== registered.pathname) {
    return `That is not the address the browser ends at: it begins with ${redirectUri}`;
  }
  return answersSignIn(url.searchParams, state) ? url : 'That address belongs to another sign-in: open the address above once more.';
}

/** Reads lines until one of them answers the sign-in. Rejects with the reason of `signal`. */
export function pastedArrival(options: PasteOptions): Promise<Arrival> {
  const { input, signal, refuse } = options;
  const lines = createInterface({ input, terminal: false });
  return new Promise<Arrival>((resolve, reject) => {
    const abandon = () => reject(signal.reason);
    if (signal.aborted) return abandon();
    signal.addEventListener('abort', abandon, { once: true });
    lines.on('line', (line) => {
      if (line.trim() === '') return;
      const url = readPaste(line, options);
      if (typeof url === 'string') return refuse(url);
      resolve({ url, answer: async () => {} });
    });
  }).finally(() => lines.close());
}
