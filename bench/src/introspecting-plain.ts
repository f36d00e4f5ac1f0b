/** The uncached way on Node: one introspection for every call. Prints its port. */
import { createServer } from 'node:http';
import { env } from 'node:process';

const authorization = `Basic ${Buffer.from(`bench-api:${env.CLIENT_SECRET}`).toString('base64')}`;

const server = createServer(async (request, response) => {
  const token = request.headers.authorization?.replace(/^Bearer /, '') ?? '';
  const answer = await fetch(env.INTROSPECTION_ENDPOINT ?? '', {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ token, token_type_hint: 'access_token', scope: 'openid' }),
  });
  const { active, exp } = (await answer.json()) as { active: boolean; exp: number };
  const text = JSON.stringify(active && exp > Date.now() / 1000 ? { message: 'Private route' } : { code: 'invalid_token' });
  response.writeHead(active ? 200 : 401, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }).end(text);
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  console.log(typeof address === 'object' ? address?.port : '');
});
