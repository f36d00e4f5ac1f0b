/** The person's own page: the events, and the applications that may use the calendar, to be sent away here. */
import { Hono } from 'hono';
import type { Provider } from 'oidc-provider';
import { type Bindings, csrfFor, fieldsOf, formLimit, type PageContext, same } from './forms.ts';
import { errorPage, homePage, nobodyPage } from './pages.ts';
import type { CalendarPerson } from './people.ts';
import type { Records } from './records.ts';
import type { State } from './state.ts';

export interface HomeOptions {
  readonly provider: Provider;
  readonly people: readonly CalendarPerson[];
  readonly state: State;
  readonly records: Records;
}

export function createHome(options: HomeOptions): Hono<{ Bindings: Bindings }> {
  const { provider, state, records } = options;
  const pages = new Hono<{ Bindings: Bindings }>();
  pages.get('/', async (c) => {
    const visitor = await visitorOf(c, options);
    if (visitor === undefined) return c.html(nobodyPage());
    const { person, csrf } = visitor;
    const apps = records.clientsOf(person.id).map(async (id) => ({ id, name: (await provider.Client.find(id))?.clientName ?? id }));
    return c.html(homePage({ person, csrf, events: state.events.get(person.id) ?? [], apps: await Promise.all(apps) }));
  });
  pages.post('/remove', formLimit, async (c) => {
    const field = await fieldsOf(c);
    const visitor = await visitorOf(c, options);
    if (visitor === undefined || !same(field('csrf'), visitor.csrf)) return c.html(errorPage('This form did not come from its page.'), 403);
    records.endGrants({ accountId: visitor.person.id, clientId: field('client') });
    return c.redirect('/', 303);
  });
  pages.post('/sign-out', formLimit, async (c) => {
    const field = await fieldsOf(c);
    const visitor = await visitorOf(c, options);
    if (visitor === undefined || !same(field('csrf'), visitor.csrf)) return c.html(errorPage('This form did not come from its page.'), 403);
    await visitor.session.destroy();
    return c.redirect('/', 303);
  });
  return pages;
}

async function visitorOf(c: PageContext, { provider, people, state }: HomeOptions) {
  const session = await provider.Session.get(provider.createContext(c.env.incoming, c.env.outgoing));
  const person = people.find(({ id }) => id === session.accountId);
  return person === undefined ? undefined : { person, session, csrf: csrfFor(state.secret, session.jti) };
}
