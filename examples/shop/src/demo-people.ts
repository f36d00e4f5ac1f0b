/** One person who can sign in to the demo. Nobody real, and refused in production. */
export interface DemoPerson {
  /** The user id at the issuer, which becomes `sub` in every token. */
  readonly id: string;
  readonly email: string;
  readonly name: string;
  /** Demo password: printed at start, published in this file, worthless anywhere else. */
  readonly password: string;
  /** Roles in the project `shop`. */
  readonly roles: readonly string[];
  /** What this person is there to show. */
  readonly note: string;
}

/** Everybody who can sign in to the demo: two customers, and an employee who may read what customers ordered. */
export const demoPeople: readonly DemoPerson[] = [
  {
    id: 'usr_demo_ada',
    email: 'ada@shop.example',
    name: 'Ada Brandt',
    password: 'demo-harbour-lantern',
    roles: ['customer'],
    note: 'customer; order 1001 is hers',
  },
  {
    id: 'usr_demo_ben',
    email: 'ben@shop.example',
    name: 'Ben Okafor',
    password: 'demo-orchard-compass',
    roles: ['customer'],
    note: 'customer; order 1002 is his',
  },
  {
    id: 'usr_demo_eve',
    email: 'eve@shop.example',
    name: 'Eve Lindqvist',
    password: 'demo-granite-feather',
    roles: ['customer', 'support'],
    note: 'employee; may read every order',
  },
];
