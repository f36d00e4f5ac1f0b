/** An API with three routes: for everybody, for whoever has a token, for whoever has a role. */
import Express from 'express';
import { codeAndDescription, express } from 'safeconduct/http';
import { protect, type RefusalEvent } from 'safeconduct/protect';
import { safeconduct } from 'safeconduct/providers';
import { announce, place, settings } from './settings.ts';

const { ISSUER, AUDIENCE, CLIENT_ID, CLIENT_SECRET } = settings('ISSUER', 'AUDIENCE', 'CLIENT_ID', 'CLIENT_SECRET');

const guard = protect({
  provider: safeconduct({ issuer: ISSUER }),
  audience: AUDIENCE,
  // Asked about every request, so that a role that was taken away is gone at the next one. Left out: an answer is believed for five seconds.
  introspection: { clientId: CLIENT_ID, clientSecret: CLIENT_SECRET, tokens: 'all', maxAgeSeconds: 0 },
});
const refusals = { format: codeAndDescription, log: (event: RefusalEvent) => console.warn(JSON.stringify(event)) };

const app = Express();

app.get('/api/public', (_request, response) => {
  response.json({ message: "Public route - You don't need to be authenticated to see this." });
});

app.get('/api/private', express(guard, refusals), (_request, response) => {
  response.json({ message: 'Private route - You need to be authenticated to see this.' });
});

app.get('/api/private-scoped', express(guard, { ...refusals, require: { roles: ['read:messages'] } }), (_request, response) => {
  response.json({
    message: 'Private, scoped route - You need to be authenticated and have the role read:messages to see this.',
  });
});

app.listen(place.port, place.host, announce);
