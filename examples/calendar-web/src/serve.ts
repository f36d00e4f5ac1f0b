import { once } from 'node:events';
import type { Server } from 'node:http';
import { createAdaptorServer } from '@hono/node-server';
import { createApp, type Log } from './app.ts';
import { portOf, type Settings, SettingsError } from './settings.ts';

/** The application, listening on this machine. */
export interface RunningApp {
  close(): Promise<void>;
}

/** Starts the application at its address. */
export async function serveApp(settings: Settings, log: Log = toOutput): Promise<RunningApp> {
  const { app } = settings;
  const server = createAdaptorServer({ fetch: createApp(settings, log).fetch }) as Server;
  try {
    await once(server.listen(portOf(app), new URL(app).hostname), 'listening');
  } catch (error) {
    throw new SettingsError(`port ${portOf(app)} is in use: set APP_URL to another address`, { cause: error });
  }
  return {
    async close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

const toOutput: Log = (event, fields) => console.log(JSON.stringify({ time: new Date().toISOString(), event, ...fields }));
