/**
 * Loaded into a program before anything else (`--import`): the network as it is where only one vendor can be reached.
 * VENDOR holds what that one publishes, by address; below `tokens`, what it answers about each token that it is asked about.
 */
interface Question {
  /** The one Authorization header that it takes. */
  readonly from: string;
  readonly tokens: Readonly<Record<string, unknown>>;
}

const vendor: Readonly<Record<string, unknown>> = JSON.parse(process.env.VENDOR ?? '{}');

globalThis.fetch = async (input, init) => {
  const request = new Request(input, init);
  const found = vendor[request.url.split('?', 1)[0] ?? ''];
  if (found === undefined) throw new TypeError(`nobody answers at ${request.url}`);
  return request.method === 'POST' ? answerOf(found as Question, request) : Response.json(found);
};

async function answerOf({ from, tokens }: Question, request: Request): Promise<Response> {
  const form = new URLSearchParams(await request.text());
  const asked = form.get('token') ?? '';
  const [scheme, credentials = ''] = (request.headers.get('authorization') ?? '').split(' ');
  const whom = decodeURIComponent(Buffer.from(credentials, 'base64').toString());
  if (scheme !== 'Basic' || whom !== from || form.get('token_type_hint') !== 'access_token')
    return Response.json({ error: 'invalid_client' }, { status: 401 });
  return Response.json(tokens[asked] ?? { active: false });
}
