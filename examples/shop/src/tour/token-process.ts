/** One of two processes that send the same token request at once. Reads it from stdin, so that no token is on a command line. */
import { createHash } from 'node:crypto';
import { text } from 'node:stream/consumers';
import type { Outcome, TokenRequest } from './two-processes.ts';

const { tokenEndpoint, authorization, fields, at } = JSON.parse(await text(process.stdin)) as TokenRequest & { readonly at: number };
await new Promise((resolve) => setTimeout(resolve, Math.max(0, at - Date.now())));
const answer = await fetch(tokenEndpoint, { method: 'POST', headers: { authorization }, body: new URLSearchParams(fields) });
const body = (await answer.json()) as { access_token?: string; refresh_token?: string };
const token = (fields.grant_type === 'refresh_token' ? body.refresh_token : body.access_token) ?? '';
const outcome: Outcome = { status: answer.status, token, fingerprint: createHash('sha256').update(token).digest('hex').slice(0, 8) };
process.stdout.write(JSON.stringify(outcome));
