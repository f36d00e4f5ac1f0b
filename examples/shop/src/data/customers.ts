import { demoPeople } from '../demo-people.ts';

/** A customer of the demo shop. Those without a subject have ordered as guests and cannot sign in. */
export interface Customer {
  readonly id: string;
  /** The issuer's `sub`, when the person has an account there. */
  readonly subject: string | null;
  readonly name: string;
  readonly email: string;
  readonly city: string;
  readonly country: string;
  /** ISO date. */
  readonly since: string;
}

const homes = [
  ['Hamburg', 'DE'],
  ['Leeds', 'GB'],
  ['Uppsala', 'SE'],
  ['Utrecht', 'NL'],
  ['Lyon', 'FR'],
  ['Porto', 'PT'],
  ['Graz', 'AT'],
  ['Ghent', 'BE'],
  ['Bergen', 'NO'],
  ['Turin', 'IT'],
] as const;

const others = [
  'Amara Nwosu',
  'Björn Halvorsen',
  'Camille Laurent',
  'Daniel Kowalski',
  'Elif Demir',
  'Farid Haddad',
  'Greta Sommer',
  'Hugo Martins',
  'Ingrid Solberg',
  'Jonas Petersen',
  'Katarina Novak',
  'Liam Gallagher-Shaw',
  'Mei Tanaka',
  'Noah de Vries',
  'Olga Ivanova',
  'Pedro Almeida',
  'Quinn Harper',
  'Rosa Bianchi',
  'Samuel Osei',
  'Tilda Ekström',
  'Umar Siddiqui',
  'Vera Horváth',
  'Wim Janssens',
  'Xenia Papadaki',
  'Yusuf Kaya',
  'Zoë Lambert',
  'Anton Gruber',
  'Bea O’Connell',
  'Carlos Vega',
  'Dorota Zielińska',
  'Emil Lund',
  'Fiona MacLeod',
  'Giulia Conti',
  'Henrik Aalto',
  'Isabel Costa',
  'Jakub Dvořák',
  'Klara Weiss',
  'Luca Moretti',
];

/** Every customer: the three who can sign in first, then those who cannot. */
export const customers: readonly Customer[] = [
  ...demoPeople.map(({ id, name, email }) => ({ subject: id, name, email })),
  // Every third one has no account, only a mail address: NULL must never match anybody's identity.
  ...others.map((name, index) => ({
    subject: index % 3 === 2 ? null : `usr_demo_${String(index + 4).padStart(3, '0')}`,
    name,
    email: `${plain(name)}@mail.example`,
  })),
].map((person, index) => {
  const [city, country] = homes[index % homes.length] ?? homes[0];
  return { id: `C-${1001 + index}`, ...person, city, country, since: since(index) };
});

function plain(name: string): string {
  return name
    .normalize('NFD')
    .replace(/[^A-Za-z ]/g, '')
    .toLowerCase()
    .replaceAll(' ', '.');
}

function since(index: number): string {
  return `20${22 + (index % 4)}-${String((index % 12) + 1).padStart(2, '0')}-${String(((index * 7) % 27) + 1).padStart(2, '0')}`;
}
