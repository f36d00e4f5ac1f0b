/** Starts the docs page: Swagger UI for the operations, our own header and sign-in around it. */
import { keepNamed } from './labels.js';
import { mountPanel } from './panel.js';
import { docsPlugin } from './plugin.js';
import { createSession } from './session.js';

const settings = JSON.parse(document.getElementById('settings').textContent);
const { schemeName } = settings;

const session = createSession(settings, {
  given(token) {
    const schema = ui.specSelectors.securityDefinitions().get(schemeName);
    ui.authActions.authorizeOauth2({ auth: { name: schemeName, schema }, token });
  },
  taken: () => ui.authActions.logout([schemeName]),
});

const operations = document.getElementById('swagger-ui');
const ui = window.SwaggerUIBundle({
  url: settings.documentUrl,
  domNode: operations,
  plugins: [docsPlugin({ session, settings })],
  layout: 'DocsLayout',
  persistAuthorization: false,
  validatorUrl: null,
  queryConfigEnabled: false,
  deepLinking: true,
  displayRequestDuration: true,
  tryItOutEnabled: true,
  docExpansion: 'list',
  defaultModelsExpandDepth: 0,
  // Its colours know no light and dark.
  syntaxHighlight: { activated: false },
});

mountPanel(document.getElementById('who'), {
  session,
  settings,
  chooseScopes: () => ui.authActions.showDefinitions(ui.authSelectors.definitionsToAuthorize()),
});

keepNamed(operations);
