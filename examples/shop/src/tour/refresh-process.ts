/** One of two processes that refresh the same token at once. Reads its order from stdin, so that no token is on a command line. */
import { createHash } from 'node:crypto';
import { text } from 'node:stream/consumers';

const { tokenEndpoint, authorization, refreshToken, at } = JSON.parse(await text(process.stdin)) as Record<string, string>;
await new Promise((resolve) => setTimeout(resolve, Number(at) - Date.now()));
const answer = await fetch(tokenEndpoint ?? '', {
  method: 'POST',
  headers: { authorization: authorization ?? '', 'content-type': 'application/x-www-form-urlencoded' },
  body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken ?? '' }),
});
const body = (await answer.json()) as { refresh_token?: string; error?: string };
const next = body.refresh_token ?? '';
process.stdout.write(
  JSON.stringify({ status: answer.status, next, fingerprint: createHash('sha256').update(next).digest('hex').slice(0, 8) }),
);
