import type { Settings } from './settings.ts';

/** A third party that this application uses as the person: nothing else can be asked for. */
export interface UsedConnection {
  /** Its name at the provider. */
  readonly id: string;
  /** As people read it. */
  readonly name: string;
  /** What people are asked to allow at first, and what only once they want to add something. */
  readonly read: Use;
  readonly add: Use;
  /** What is shown of it, and the only origin that its token goes to. */
  readonly url: URL;
}

/** One use of a connection, in words and as scopes. */
export interface Use {
  readonly may: string;
  readonly scopes: readonly string[];
}

export function usedConnections({ calendar }: Pick<Settings, 'calendar'>): readonly UsedConnection[] {
  return [
    {
      id: 'calendar',
      name: 'Almanac',
      read: { may: 'See the events in your calendar', scopes: ['calendar.read'] },
      add: { may: 'See the events in your calendar, and add new ones', scopes: ['calendar.read', 'calendar.write'] },
      url: new URL('/calendar/events', calendar),
    },
  ];
}
