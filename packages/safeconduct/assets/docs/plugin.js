/** What Swagger UI shows otherwise here: its frame, its dialog for signing in, and what an operation needs. */

/** `session` and `settings` as in `session.js`. */
export function docsPlugin({ session, settings }) {
  return ({ React }) => {
    const h = React.createElement;
    const ScopesForm = scopesForm(React, { session, settings });
    return {
      components: { DocsLayout: layout(React), authorizationPopup: dialog(React), DeepLink: deepLink(React) },
      wrapComponents: {
        oauth2: (Original) => (props) => h(props.name === settings.schemeName ? ScopesForm : Original, props),
        OperationSummary: (Original) => (props) =>
          h(React.Fragment, null, h(Original, props), needs(React, { ...props, schemeName: settings.schemeName })),
        // A token belongs neither on a screen that others see nor into a shell's history.
        curl: (Original) => (props) => h(Original, { ...props, request: withoutToken(props.request) }),
      },
    };
  };
}

/** The operations and what they speak of. Title, version and sign-in stand in the header of the page. */
function layout({ createElement: h }) {
  return function DocsLayout({ getComponent, specSelectors, errSelectors, authSelectors }) {
    const part = (name) => h(getComponent(name, true));
    if (!specSelectors.specStr()) {
      const failed = specSelectors.loadingStatus() === 'failed' || errSelectors.lastError();
      return h('div', { className: 'swagger-ui' }, failed ? part('errors') : h('p', { role: 'status' }, 'Reading openapi.json …'));
    }
    const description = specSelectors.info().get('description');
    const servers = specSelectors.servers();
    return h(
      'div',
      { className: 'swagger-ui' },
      part('errors'),
      h(
        'main',
        { id: 'operations', tabIndex: -1 },
        description ? h('div', { className: 'description' }, h(getComponent('Markdown', true), { source: description })) : null,
        servers?.size > 1 ? h('div', { className: 'servers-choice' }, part('ServersContainer')) : null,
        h('h2', { className: 'visually-hidden' }, 'Operations'),
        part('operations'),
        part('Webhooks'),
        part('Models'),
      ),
      authSelectors.shownDefinitions() ? part('authorizationPopup') : null,
    );
  };
}

/** The address bar follows what is open; a link inside of a button would be two things at once. */
function deepLink({ createElement: h }) {
  return function DeepLink({ text }) {
    return h('span', null, text);
  };
}

function withoutToken(request) {
  const name = request.get('headers')?.findKey?.((_, key) => /^authorization$/i.test(key));
  return name === undefined ? request : request.setIn(['headers', name], 'Bearer YOUR_TOKEN');
}

/** A native dialog: it keeps the focus, and Escape closes it. */
function dialog({ createElement: h, useEffect, useRef }) {
  return function AuthorizationDialog({ authActions, authSelectors, errSelectors, specSelectors, getComponent, fn }) {
    const place = useRef(null);
    useEffect(() => {
      if (!place.current.open) place.current.showModal();
    }, []);
    const auths = getComponent('auths');
    const { AST = {} } = fn;
    return h(
      'dialog',
      { ref: place, className: 'docs-dialog', 'aria-labelledby': 'authorize-title', onClose: () => authActions.showDefinitions(false) },
      h('h2', { id: 'authorize-title' }, 'Whom calls run as'),
      authSelectors
        .shownDefinitions()
        .valueSeq()
        .map((definitions, key) =>
          h(auths, { key, AST, definitions, getComponent, errSelectors, authSelectors, authActions, specSelectors }),
        )
        .toArray(),
    );
  };
}

/** In place of the form with client_id and client_secret: there is nothing to type, only scopes to leave out. */
function scopesForm({ createElement: h, useState, useSyncExternalStore }, { session, settings }) {
  const scopes = Object.entries(settings.scopes);
  return function ScopesForm({ authActions }) {
    const state = useSyncExternalStore(session.subscribe, () => session.state);
    const [left, setLeft] = useState([]);
    const close = () => authActions.showDefinitions(false);
    const toggle = (scope) => setLeft(left.includes(scope) ? left.filter((each) => each !== scope) : [...left, scope]);
    const go = () => {
      close();
      session.signIn(scopes.map(([scope]) => scope).filter((scope) => !left.includes(scope)));
    };
    const row = ([scope, sentence]) =>
      h(
        'label',
        { key: scope, className: 'choice' },
        h('input', { type: 'checkbox', checked: !left.includes(scope), onChange: () => toggle(scope) }),
        h('span', null, sentence, h('code', null, scope)),
      );
    const registered = new URL(settings.redirectPath, location.origin).href;
    return h(
      'div',
      { className: 'scopes-form' },
      h('p', null, `You sign in at ${settings.provider}. The token stays in this page and is gone when you leave it.`),
      h('fieldset', { className: 'choices' }, h('legend', null, 'What this page may do as you'), scopes.map(row)),
      h(
        'details',
        null,
        h('summary', null, 'For whoever runs this API'),
        h(
          'p',
          { className: 'meta' },
          'The application is ',
          h('code', null, settings.clientId),
          '. Register exactly ',
          h('code', { className: 'exact' }, registered),
          ` ${settings.register}.`,
        ),
      ),
      h(
        'div',
        { className: 'actions' },
        h('button', { type: 'button', className: 'button', onClick: close }, 'Close'),
        h(
          'button',
          { type: 'button', className: 'button primary', onClick: go, disabled: settings.endpoints === undefined },
          state.is === 'in' ? 'Authorize again' : 'Authorize',
        ),
      ),
    );
  };
}

/** "Needs orders:read", under an operation's line. */
function needs({ createElement: h }, { operationProps, schemeName }) {
  const requirements = operationProps.get('security')?.toJS?.() ?? [];
  if (requirements.length === 0 || requirements.some((each) => Object.keys(each).length === 0)) return null;
  const ways = requirements.map((each) =>
    Object.entries(each).flatMap(([name, scopes]) =>
      scopes.length > 0 ? scopes.map((code) => ({ code })) : name === schemeName ? ['a sign-in'] : [{ code: name }],
    ),
  );
  const joined = (list, word) => list.flatMap((each, at) => (at === 0 ? each : [word, each].flat()));
  const words = joined(
    ways.map((parts) =>
      joined(
        parts.map((part) => [part]),
        ' and ',
      ),
    ),
    ' or ',
  );
  const named = words.map((word, key) => (typeof word === 'string' ? word : h('code', { key }, word.code)));
  return h('p', { className: 'needs meta' }, 'Needs ', ...named);
}
