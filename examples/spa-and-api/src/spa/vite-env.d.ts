/// <reference types="vite/client" />

/** What the build puts into the page: addresses and names, nothing secret. */
interface ImportMetaEnv {
  readonly VITE_ISSUER: string;
  readonly VITE_CLIENT_ID: string;
  readonly VITE_API: string;
  readonly VITE_AUDIENCE: string;
}
