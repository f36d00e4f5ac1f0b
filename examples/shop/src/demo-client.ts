/** The shop's client secret at the issuer, for the demo only: everybody can read it here, and production refuses it. */
export const demoClientSecret = 'demo-client-secret-of-shop-web-refused-in-production';

/** The secret of the shop's API at the issuer: with it the API asks for what people connected. For the demo only. */
export const demoApiSecret = 'demo-client-secret-of-shop-api-refused-in-production';

/** The issuer at the calendar, a third party. For the demo only. */
export const calendarClient = { id: 'shop-sign-in', secret: 'demo-client-secret-of-shop-sign-in-refused-in-production' };

/** The public application of the page at `/docs`: it has no secret. */
export const docsClientId = 'shop-docs';
