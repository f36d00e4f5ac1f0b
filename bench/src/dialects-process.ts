/** An issuer with an origin for each dialect, in a process of its own. Prints its port when it serves. */
import { createIssuer, defineConfig } from '@safeconduct/issuer';
import { issuerConfiguration } from './issuer-configuration.ts';

const { PORT = '', ORIGINS = '{}', DATABASE_URL = '', DATA = '', MASTER_KEY = '' } = process.env;
const origins = Object.entries(JSON.parse(ORIGINS) as Record<string, string>).map(([dialect, url]) => ({ url, dialect }));
const dialects = ['standard', ...origins.map(({ dialect }) => dialect)];

const projects = issuerConfiguration.projects?.map((project) => ({
  ...project,
  apis: project.apis?.map((api) => ({ ...api, dialects })) ?? [],
  applications: project.applications?.map((application) => ({ ...application, dialects })) ?? [],
}));

const issuer = await createIssuer({
  issuer: `http://127.0.0.1:${PORT}`,
  port: Number(PORT),
  origins,
  databaseUrl: DATABASE_URL,
  dataDirectory: DATA,
  masterKey: MASTER_KEY,
  logLevel: 'error',
  configuration: defineConfig({ ...issuerConfiguration, projects: projects ?? [] }),
});
await issuer.listen();
console.log(PORT);
