import type { ProviderPreset } from './preset.ts';

/** The part of a preset that says who may be `iss`. */
export type IssuerRule = Pick<ProviderPreset, 'issuer' | 'tenants'>;

const placeholder = '{tenantid}';
const guid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** True for a GUID in lower case, the only spelling that tokens use. */
export function isGuid(value: string): boolean {
  return guid.test(value);
}

/** True when `iss` is one that this provider may write, character by character. It says nothing yet about who wrote it. */
export function acceptsIssuer(rule: IssuerRule, iss: unknown): iss is string {
  if (rule.tenants === undefined) return iss === rule.issuer;
  return tenantOf(rule, iss) !== undefined;
}

/** The tenant that an accepted `iss` names, and the `ver` that belongs to its spelling. */
export function tenantOf({ tenants }: IssuerRule, iss: unknown): { readonly tenant: string; readonly version: string } | undefined {
  if (tenants === undefined || typeof iss !== 'string') return undefined;
  for (const { issuer, version } of tenants.spellings) {
    const [before = '', after = ''] = issuer.split(placeholder);
    if (iss.length !== before.length + 36 + after.length || !iss.startsWith(before) || !iss.endsWith(after)) continue;
    const tenant = iss.slice(before.length, before.length + 36);
    // What stands in the tenant's place is a GUID and nothing else, so that no path can be slipped in.
    if (isGuid(tenant) && (tenants.allowed === 'every' || tenants.allowed.includes(tenant))) return { tenant, version };
  }
  return undefined;
}

/** True when some `iss` would be accepted under both: an API that trusts both could not tell their tokens apart. */
export function sharesIssuer(one: IssuerRule, other: IssuerRule): boolean {
  const probes = [...samplesOf(one, other), ...samplesOf(other, one)];
  return probes.some((iss) => acceptsIssuer(one, iss) && acceptsIssuer(other, iss));
}

const anyTenant = '00000000-0000-4000-8000-000000000000';

// Every issuer of a finite rule; of an endless one those of the tenants that the other names, and of one that nobody names.
function samplesOf({ issuer, tenants }: IssuerRule, other: IssuerRule): string[] {
  if (tenants === undefined) return [issuer];
  const named = [tenants.allowed, other.tenants?.allowed].flatMap((allowed) => (Array.isArray(allowed) ? allowed : []));
  return tenants.spellings.flatMap((spelling) => [...named, anyTenant].map((tenant) => spelling.issuer.replace(placeholder, tenant)));
}

/** Puts the tenant in its place in a template. */
export function issuerOfTenant(template: string, tenant: string): string {
  return template.replace(placeholder, tenant);
}
