/** The addresses of connecting accounts, and where third parties send browsers back to. */
import type { Hono } from 'hono';
import { finishLink } from './account-link.ts';
import { showConnect, takeConnect } from './connect.ts';
import { finishConnect, showConfirm, takeConfirm } from './connect-confirm.ts';
import { takeCallback } from './connections-callback.ts';
import type { Bindings, Desk } from './desk.ts';
import { finishSignIn } from './upstream-login.ts';

/** Adds `/connect…` and `/connections/{connection}/callback`. */
export function addConnect(app: Hono<Bindings>, desk: Desk): void {
  const handlers = { 'sign-in': finishSignIn, link: finishLink, connect: finishConnect };
  app.get('/connect', (c) => showConnect(desk, c));
  app.get('/connect/:connection', (c) => showConnect(desk, c));
  app.post('/connect/:connection', (c) => takeConnect(desk, c));
  app.get('/connect/:connection/confirm', (c) => showConfirm(desk, c));
  app.post('/connect/:connection/confirm', (c) => takeConfirm(desk, c));
  app.get('/connections/:connection/callback', (c) => takeCallback(desk, c, handlers));
}
