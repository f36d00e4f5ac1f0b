/** The shop's client secret at the issuer, for the demo only: everybody can read it here, and production refuses it. */
export const demoClientSecret = 'demo-client-secret-of-shop-web-refused-in-production';
