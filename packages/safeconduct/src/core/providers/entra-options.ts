import { isGuid } from './issuers.ts';
import type { ProviderPreset } from './preset.ts';
import type { SharedSubject } from './shared-subject.ts';

/** Whose tokens are let in: one tenant's, those of a list of tenants, everybody's, or those of one address that is given whole. */
export type EntraOptions = EntraCommon & (EntraOneTenant | EntraTenants | EntraEveryTenant | EntraAddress);

/** What may be said whoever is let in. */
export interface EntraCommon extends SharedSubject {
  /** Lets guests of the tenant in. Default: false, but true where `discoveryUrl` is given, since customers' directories know no guests. */
  readonly allowGuests?: boolean;
  /** Origin of the cloud. Default: `https://login.microsoftonline.com`. */
  readonly authority?: string;
  /** `iss` of version 1 tokens, `{tenantid}` in the tenant's place. Default: what Microsoft's clouds write, and what an origin of Safeconduct does (`sharedSubject`); none for another authority. */
  readonly v1Issuer?: string;
  /** Client id of an application that has signing keys of its own (claims mapping): asks for the keys with `appid`. */
  readonly appId?: string;
}

/** One tenant. */
export interface EntraOneTenant {
  /** The tenant's GUID. Tokens name the tenant by it, never by a domain. */
  readonly tenant: string;
}

/** Several tenants, such as those of customers who pay. */
export interface EntraTenants {
  /** GUIDs. */
  readonly tenants: readonly string[];
}

/** Whoever has a work or school account anywhere. */
export interface EntraEveryTenant {
  /** Anybody can make a tenant and be in it whoever they like: decide by `organization` and `subject` together, never by name or e-mail. */
  readonly acceptTokensOfEveryTenant: true;
}

/** One issuer whose address is given whole: External ID and Azure AD B2C. */
export interface EntraAddress {
  /** Of the user flow or the tenant. */
  readonly discoveryUrl: string;
  /** As that document says it. */
  readonly issuer: string;
}

type Places = Pick<ProviderPreset, 'issuer'> &
  Partial<Pick<ProviderPreset, 'discoveryUrl' | 'tenants'>> & { readonly hasOwnAddress: boolean };

const publicCloud = 'https://login.microsoftonline.com';
const v1Issuers: Readonly<Record<string, string>> = {
  [publicCloud]: 'https://sts.windows.net/{tenantid}/',
  'https://login.microsoftonline.us': 'https://sts.windows.net/{tenantid}/',
  'https://login.partner.microsoftonline.cn': 'https://sts.chinacloudapi.cn/{tenantid}/',
};
const personalAccounts = '9188040d-6c67-4c5b-b112-36a304b66dad';
const wellKnown = '/v2.0/.well-known/openid-configuration';
const ways = ['tenant', 'tenants', 'acceptTokensOfEveryTenant', 'discoveryUrl'];

/** Where tokens come from and who may have issued them. Throws a `TypeError` for options that leave it open. */
export function placesOf(options: EntraOptions): Places {
  const said = ways.filter((way) => Object.hasOwn(options, way));
  if (said.length !== 1)
    throw new TypeError(
      `entra needs exactly one of ${ways.join(', ')}, to say whose tokens are let in; got ${said.join(' and ') || 'none'}`,
    );
  if ('discoveryUrl' in options) return addressOf(options);
  const { authority = publicCloud, appId, sharedSubject = false } = options;
  checkAuthority(authority);
  if (sharedSubject) checkOwnOrigin(authority);
  const { v1Issuer = sharedSubject ? `${authority}/{tenantid}/` : v1Issuers[authority] } = options;
  const spellings = [{ issuer: `${authority}/{tenantid}/v2.0`, version: '2.0' }];
  if (v1Issuer !== undefined) spellings.push({ issuer: checkedTemplate(v1Issuer), version: '1.0' });
  const allowed = allowedBy(options);
  const place = 'tenant' in options ? String(allowed[0]) : allowed.includes(personalAccounts) ? 'common' : 'organizations';
  return {
    issuer: `${authority}/${'tenant' in options ? place : '{tenantid}'}/v2.0`,
    discoveryUrl: withAppId(`${authority}/${place}${wellKnown}`, appId),
    tenants: { spellings, allowed },
    hasOwnAddress: false,
  };
}

function addressOf({ discoveryUrl, issuer, authority, v1Issuer, appId, sharedSubject }: EntraCommon & EntraAddress): Places {
  if (sharedSubject) throw new TypeError('sharedSubject has no place beside discoveryUrl: name the origin of Safeconduct as authority');
  if (authority !== undefined || v1Issuer !== undefined)
    throw new TypeError('authority and v1Issuer have no place beside discoveryUrl: the issuer is given whole');
  if (typeof issuer !== 'string' || issuer.includes('{'))
    throw new TypeError('issuer must be given whole beside discoveryUrl, as the document there says it');
  return { issuer, discoveryUrl: withAppId(discoveryUrl, appId), hasOwnAddress: true };
}

function allowedBy(options: EntraOneTenant | EntraTenants | EntraEveryTenant): readonly string[] | 'every' {
  if ('acceptTokensOfEveryTenant' in options) {
    if (options.acceptTokensOfEveryTenant !== true)
      throw new TypeError('acceptTokensOfEveryTenant can only be true: else name the tenants');
    return 'every';
  }
  const tenants = ('tenant' in options ? [options.tenant] : [...options.tenants]).map((tenant) => String(tenant).toLowerCase());
  const strange = tenants.find((tenant) => !isGuid(tenant));
  if (strange !== undefined)
    throw new TypeError(`tenant "${strange}" must be the tenant's GUID ("Tenant ID" in the Entra admin center): tokens name no domain`);
  if (tenants.length === 0) throw new TypeError('tenants must name at least one tenant by its GUID');
  return tenants;
}

function checkAuthority(authority: string): void {
  if (!URL.canParse(authority) || new URL(authority).origin !== authority)
    throw new TypeError(`authority "${authority}" must be an origin such as ${publicCloud}: no path, no slash at the end`);
}

// Administrators of any tenant there can put claims of any name into its tokens.
function checkOwnOrigin(authority: string): void {
  if (v1Issuers[authority] !== undefined)
    throw new TypeError(`sharedSubject is for an origin of Safeconduct, which ${authority} is not: name that origin as authority`);
}

function checkedTemplate(template: string): string {
  if (template.split('{tenantid}').length === 2) return template;
  throw new TypeError(`v1Issuer "${template}" must hold {tenantid} once, in the tenant's place`);
}

function withAppId(address: string, appId: string | undefined): string {
  if (appId === undefined) return address;
  const url = new URL(address);
  url.searchParams.set('appid', appId);
  return url.href;
}
