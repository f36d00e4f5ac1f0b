/** What is read of an OpenAPI 3.0 or 3.1 document. Everything else in it is passed on as it is. */
export interface OpenApiDocument {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string; readonly summary?: string };
  readonly servers?: readonly { readonly url: string }[];
  readonly paths?: object;
  readonly components?: object;
  readonly security?: readonly object[];
}

/** A security scheme under its name. */
export interface NamedScheme {
  readonly name: string;
  readonly scheme: Readonly<Record<string, unknown>>;
}

type Members = Readonly<Record<string, unknown>>;

/**
 * Puts the scheme into `components.securitySchemes`.
 *
 * Which operations need it is the document's to say. Where it says nothing at all, neither for the whole nor for any operation,
 * every operation gets it: `security` at the top. Throws a `TypeError` when the document cannot be completed like this.
 */
export function withScheme<D extends OpenApiDocument>(document: D, { name, scheme }: NamedScheme): D {
  checkDocument(document, name);
  const components = membersOf(document.components);
  const securitySchemes = { ...membersOf(components.securitySchemes), [name]: scheme };
  const everywhere = requirementsOf(document).length === 0 && !saysAnything(document) ? { security: [{ [name]: [] }] } : {};
  return { ...document, ...everywhere, components: { ...components, securitySchemes } };
}

/** Checks what can be checked before anybody asks. Throws a `TypeError` that says what to write. */
export function checkDocument(document: OpenApiDocument, name: string): void {
  if (!/^3\.[01](\.|$)/.test(String(document.openapi)))
    throw new TypeError(`the document says openapi "${document.openapi}": API docs take OpenAPI 3.0 and 3.1`);
  const schemes = membersOf(membersOf(document.components).securitySchemes);
  if (name in schemes)
    throw new TypeError(
      `the document defines the security scheme "${name}" itself: remove it there, or set login.schemeName to another name`,
    );
  const unknown = requirementsOf(document).find((named) => named !== name && !(named in schemes));
  if (unknown !== undefined)
    throw new TypeError(
      `the document asks for the security scheme "${unknown}", which nobody defines: write "${name}", or set login.schemeName to "${unknown}"`,
    );
}

/** Origins that the page may call: those of absolute `servers`, of the document, its paths and its operations. */
export function serverOrigins(document: OpenApiDocument): readonly string[] {
  const places = [document as unknown as Members, ...pathsOf(document), ...operationsOf(document)];
  const urls = places.flatMap(({ servers }) =>
    Array.isArray(servers) ? servers.map((server: { url?: unknown }) => String(server.url)) : [],
  );
  const absolute = urls.flatMap((url) => (/^https?:$/.test(URL.parse(url)?.protocol ?? '') ? [new URL(url).origin] : []));
  return [...new Set(absolute)];
}

const methods = new Set(['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace']);

function pathsOf({ paths }: OpenApiDocument): Members[] {
  return Object.values(membersOf(paths)).map(membersOf);
}

function operationsOf(document: OpenApiDocument): Members[] {
  return pathsOf(document).flatMap((path) =>
    Object.entries(path)
      .filter(([method]) => methods.has(method))
      .map(([, operation]) => membersOf(operation)),
  );
}

function saysAnything(document: OpenApiDocument): boolean {
  return document.security !== undefined || operationsOf(document).some(({ security }) => security !== undefined);
}

/** Names of all schemes that are asked for anywhere. */
function requirementsOf(document: OpenApiDocument): string[] {
  const lists = [document.security, ...operationsOf(document).map(({ security }) => security)];
  return lists.flatMap((list) => (Array.isArray(list) ? list.flatMap((requirement) => Object.keys(membersOf(requirement))) : []));
}

function membersOf(value: unknown): Members {
  return typeof value === 'object' && value !== null ? (value as Members) : {};
}
