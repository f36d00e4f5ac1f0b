/** The place in the header that says whom calls run as, and has the one button that signs in. */

const svg = 'http://www.w3.org/2000/svg';

/** Draws the place now and whenever the session changes. */
export function mountPanel(place, { session, settings, chooseScopes }) {
  const draw = (state) => place.replaceChildren(...contentOf(state, { session, settings, chooseScopes }));
  session.subscribe(draw);
  draw(session.state);
  setInterval(() => {
    const left = place.querySelector('#token-left');
    if (left !== null && left.textContent !== leftOf(session.state)) left.textContent = leftOf(session.state);
  }, 15_000);
}

function contentOf(state, { session, settings, chooseScopes }) {
  if (settings.endpoints === undefined) return [...unavailable(settings)];
  if (state.is === 'waiting') return waiting(state, { session, settings });
  if (state.is === 'in') return signedIn(state, session);
  return signedOut(state, { session, settings, chooseScopes });
}

function signedOut({ failure }, { session, settings, chooseScopes }) {
  return [
    ...(failure === undefined ? [] : [notice(failure, settings)]),
    element('p', {}, 'Sign in to try calls from this page. They run as you, so they change real things.'),
    element(
      'div',
      { class: 'actions' },
      button('Authorize', { class: 'button primary authorize', onclick: () => session.signIn() }),
      button('Choose scopes', { class: 'button plain', onclick: chooseScopes }),
    ),
  ];
}

function waiting({ url, shown }, { session, settings }) {
  const words = shown
    ? `Waiting for the window that signs you in at ${settings.provider}.`
    : 'Your browser kept the window that signs you in from opening.';
  const link = element('a', { href: url, target: '_blank', rel: 'noopener', class: shown ? '' : 'button primary' }, 'Open it here');
  return [
    element('p', { role: 'status' }, words),
    element('div', { class: 'actions' }, link, button('Cancel', { class: 'button plain', onclick: () => session.cancel() })),
    element('p', { class: 'meta' }, 'Does it not know the return address (redirect URI)? ', ...registration(settings)),
  ];
}

function signedIn({ name, scopes, endsAt }, session) {
  const who = name === undefined ? ['Calls run as whoever signed in'] : ['Calls run as ', element('b', {}, name)];
  const facts = element('dl', { class: 'facts' }, fact('Scopes', element('span', { class: 'mono' }, scopes.join(' '))));
  if (endsAt !== undefined) facts.append(fact('Token', element('span', { id: 'token-left', 'aria-live': 'off' }, leftOf(session.state))));
  return [
    element(
      'div',
      { class: 'actions' },
      element('span', { class: 'bearer' }, mark(), element('span', {}, ...who)),
      button('Sign out', { class: 'button', onclick: () => session.signOut() }),
    ),
    facts,
  ];
}

function* unavailable({ provider }) {
  yield element(
    'p',
    { class: 'notice', 'data-tone': 'caution' },
    element('strong', {}, 'Nobody can sign in at the moment'),
    `${provider} did not say where people sign in. Load this page again when it answers.`,
  );
}

function notice(failure, settings) {
  return element(
    'div',
    { class: 'notice', 'data-tone': 'danger', role: 'alert' },
    element('strong', {}, 'That sign-in did not work'),
    element('span', {}, failure.message, ' ', ...(failure.register ? registration(settings) : [])),
  );
}

/** What is to be registered, and where: the exact text. */
export function registration({ register, redirectPath }) {
  const uri = new URL(redirectPath, location.origin).href;
  return ['Register exactly ', element('code', { class: 'exact' }, uri), ` ${register}.`];
}

function leftOf({ endsAt }) {
  const minutes = Math.floor((endsAt - Date.now()) / 60_000);
  if (minutes < 1) return 'Ends within a minute, then sign in again';
  return `${minutes} ${minutes === 1 ? 'minute' : 'minutes'} left, then sign in again`;
}

function fact(term, value) {
  return element('div', {}, element('dt', {}, term), element('dd', {}, value));
}

function button(words, { onclick, ...attributes }) {
  const made = element('button', { type: 'button', ...attributes }, words);
  made.addEventListener('click', onclick);
  return made;
}

function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) if (value !== '') made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function mark() {
  const drawn = document.createElementNS(svg, 'svg');
  drawn.setAttribute('viewBox', '0 0 16 16');
  drawn.setAttribute('class', 'mark');
  drawn.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(svg, 'path');
  path.setAttribute('d', 'M2 1h8l4 4v10h-3v-5a3 3 0 0 0-6 0v5H2z');
  drawn.append(path);
  return drawn;
}
