/** The shop's client secret at the issuer, for the demo only: everybody can read it here, and production refuses it. */
export const demoClientSecret = 'demo-client-secret-of-shop-web-refused-in-production';

/** The public application of the page at `/docs`: it has no secret. */
export const docsClientId = 'shop-docs';
