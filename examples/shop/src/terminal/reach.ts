import type { ChatOptions } from './options.ts';

const answers = async (url: string, fetch: typeof globalThis.fetch): Promise<boolean> => {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(5_000), redirect: 'manual' });
    await response.body?.cancel();
    return response.status < 500;
  } catch {
    return false;
  }
};

/** Says what does not answer and how to start it; undefined when everything does. */
export async function whatIsDown(
  { issuer, api }: Pick<ChatOptions, 'issuer' | 'api'>,
  fetch: typeof globalThis.fetch,
): Promise<string | undefined> {
  const [issuerUp, shopUp] = await Promise.all([
    answers(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, fetch),
    answers(`${api}/me`, fetch), // without a token it answers 401, which will do
  ]);
  if (issuerUp && shopUp) return undefined;
  const down = [
    ...(issuerUp ? [] : [`The issuer does not answer at ${issuer}.`]),
    ...(shopUp ? [] : [`The shop does not answer at ${api}.`]),
  ];
  return `${down.join('\n')}\nRun \`npm start\` in another terminal, or name others with --issuer and --api.`;
}
