/** For load balancers and supervisors. Nothing here tells a secret, a version or a host name. */
import type { ServerResponse } from 'node:http';
import { plainHeaders } from './front.ts';

export interface Health {
  /** Whether the database answers. */
  readonly ready: () => Promise<boolean>;
  /** Whether the process is about to end. */
  readonly draining: () => boolean;
}

/** Answers `/livez` (this process runs) and `/readyz` (send it requests); gives false for every other path. */
export async function answerHealth(path: string, response: ServerResponse, { ready, draining }: Health): Promise<boolean> {
  if (path === '/livez') return answer(response, 200, 'alive');
  if (path !== '/readyz') return false;
  if (draining()) return answer(response, 503, 'draining');
  return (await ready()) ? answer(response, 200, 'ready') : answer(response, 503, 'database unreachable');
}

function answer(response: ServerResponse, status: number, text: string): true {
  response.writeHead(status, { ...plainHeaders, ...(status === 503 && { 'retry-after': '2' }) }).end(`${text}\n`);
  return true;
}
