/**
 * Introspection and revocation are endpoints of our own. They reach the engine as grant types of its token endpoint, so that
 * client authentication, CORS, body limits and error answers exist once.
 */
export const INTROSPECTION = 'urn:safeconduct:introspection';
export const REVOCATION = 'urn:safeconduct:revocation';
