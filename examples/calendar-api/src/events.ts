/** The calendar's own API: the events of the person whose token it is. */
import { randomUUID } from 'node:crypto';
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { Provider } from 'oidc-provider';
import { callerOf } from './bearer.ts';
import type { CalendarEvent, State } from './state.ts';

/** How many events one demo calendar holds. */
const mostEvents = 500;

export function createEventsApi({ provider, state }: { provider: Provider; state: State }): Hono {
  const api = new Hono();
  api.use(async (c, next) => {
    await next();
    c.header('cache-control', 'no-store');
  });
  api.get('/events', async (c) => {
    const caller = await callerOf(provider, c, 'calendar.read');
    if (caller instanceof Response) return caller;
    const { from = '', to = '9999' } = c.req.query();
    const events = (state.events.get(caller.personId) ?? []).filter(({ day }) => day >= from && day <= to);
    return c.json({ events: events.toSorted((a, b) => a.day.localeCompare(b.day)) });
  });
  api.post('/events', bodyLimit({ maxSize: 16_384, onError: (c) => wrong(c, 413, 'an event is at most 16 kB') }), async (c) => {
    const caller = await callerOf(provider, c, 'calendar.write');
    if (caller instanceof Response) return caller;
    const event = eventOf(await c.req.json().catch(() => undefined));
    return typeof event === 'string' ? wrong(c, 400, event) : add(c, { state, personId: caller.personId, event });
  });
  api.all('/events', (c) => wrong(c, 405, 'use GET or POST', { allow: 'GET, POST' }));
  return api;
}

/** The same id again is the same event: a program that is not sure whether it was heard may say it again. */
function add(c: Context, { state, personId, event }: { state: State; personId: string; event: CalendarEvent }): Response {
  const events = state.events.get(personId) ?? [];
  const known = events.find(({ id }) => id === event.id);
  if (known !== undefined) return c.json(known, 200);
  if (events.length >= mostEvents) return wrong(c, 409, `this demo calendar holds ${mostEvents} events`);
  state.events.set(personId, [...events, event]);
  state.save();
  return c.json(event, 201);
}

/** The event in a request, or what is wrong with it. */
function eventOf(body: unknown): CalendarEvent | string {
  if (typeof body !== 'object' || body === null) return 'send an event as JSON, such as {"title":"Parcel","day":"2026-11-26"}';
  const { id = randomUUID(), title, day, note } = body as Record<string, unknown>; // each is checked below
  if (typeof id !== 'string' || !/^[\w.:-]{1,100}$/.test(id)) return 'id must be 1 to 100 letters, digits, dots, colons or dashes';
  if (typeof title !== 'string' || title.trim() === '' || title.length > 200) return 'title must be 1 to 200 characters';
  if (typeof day !== 'string' || !isDay(day)) return 'day must be a day, such as 2026-11-26';
  if (note !== undefined && (typeof note !== 'string' || note.length > 2000)) return 'note must be at most 2000 characters';
  return { id, title: title.trim(), day, ...(note === undefined ? {} : { note }) };
}

function isDay(text: string): boolean {
  const date = new Date(`${text}T00:00:00Z`);
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}

function wrong(c: Context, status: 400 | 405 | 409 | 413, description: string, headers: Record<string, string> = {}): Response {
  return c.json({ error: status === 413 ? 'too_large' : 'invalid_request', error_description: description }, status, headers);
}
