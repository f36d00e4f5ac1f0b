/** What one entry of the table of admin routes says. HTTP routing, the OpenAPI document and the command are made of it. */
import type { z } from 'zod';
import type { Permission } from './permissions.ts';

/**
 * What a call is about, by the name of its path parameter or, where the path has none of that name, of its body member.
 * The thing must belong to the caller's own organization, unless the caller may act everywhere.
 */
export type Tenant =
  | 'organization'
  | 'person'
  | 'serviceUser'
  | 'user'
  | 'project'
  | 'application'
  | 'api'
  | 'client'
  | 'token'
  | 'connection'
  | 'connectedAccount';

/** One operation of the admin API. Pure data: what it does is `handlers/`. */
export interface AdminRoute {
  /** Unique, such as `service-users.create`. The operationId of the document. */
  readonly id: string;
  /** The words of the command, such as `service-users create`. */
  readonly command: readonly string[];
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below `/admin/v1`, with path parameters in braces. */
  readonly path: string;
  /** One sentence in the imperative. */
  readonly summary: string;
  /** What the summary leaves out: defaults, limits, consequences. */
  readonly description?: string;
  /** The scope that the caller's token must have. */
  readonly permission: Permission;
  /** `administrators`: the caller also needs a role that reaches this far. `everybody`: the token is enough. */
  readonly access: 'administrators' | 'everybody';
  /**
   * `issuer`: the whole issuer's, so that only an issuer-admin (or, to read, an auditor) may. `list`: the answer holds what
   * the caller may see, and nothing else. `self`: the caller's own. Else the members that name what the call is about.
   */
  readonly tenant: 'issuer' | 'list' | 'self' | readonly Tenant[];
  /** Path parameters, in the order of the path. */
  readonly params: z.ZodObject;
  readonly query: z.ZodObject;
  /** Absent: the call has no body. */
  readonly body?: z.ZodObject;
  /**
   * `several`: it speaks with third parties or commits more than once, so that no transaction is open around it. Else a change is
   * one transaction.
   */
  readonly steps?: 'several';
  /** The member of the answer that lists what could not be done. The command fails when something is in it. */
  readonly undone?: string;
  readonly status: 200 | 201 | 204;
  /** Absent with 204. */
  readonly answer?: z.ZodType;
  /** For the document: a body and the answer to it. */
  readonly example?: { readonly body?: unknown; readonly answer?: unknown };
}

/** Keeps the exact types of an entry, so that its handler is typed by it. */
export function route<const R extends AdminRoute>(entry: R): R {
  return entry;
}
