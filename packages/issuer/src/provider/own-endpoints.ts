/**
 * Introspection and revocation are endpoints of our own. They reach the engine as grant types of its token endpoint, so that
 * client authentication, CORS, body limits and error answers exist once.
 */
export const INTROSPECTION = 'urn:safeconduct:introspection';
export const REVOCATION = 'urn:safeconduct:revocation';
/** RFC 7523, 2.1, with `requested_token_use`: a grant that some dialects have. */
export const ON_BEHALF_OF = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
