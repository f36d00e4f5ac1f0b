/** Somebody with a calendar here. Demo data: nobody real, and refused in production. */
export interface CalendarPerson {
  /** Never changes; becomes `sub`. */
  readonly id: string;
  readonly email: string;
  readonly name: string;
  /** Printed on the sign-in page, and worthless anywhere else. */
  readonly password: string;
}

/** The demo people. Their names are those of the shop's, their accounts are others: one person, two accounts. */
export const calendarPeople: readonly CalendarPerson[] = [
  { id: 'alm-3107', email: 'ada@almanac.example', name: 'Ada Brandt', password: 'demo-paper-calendar' },
  { id: 'alm-4211', email: 'ben@almanac.example', name: 'Ben Okafor', password: 'demo-wall-calendar' },
  { id: 'alm-5120', email: 'eve@almanac.example', name: 'Eve Lindqvist', password: 'demo-desk-calendar' },
];
