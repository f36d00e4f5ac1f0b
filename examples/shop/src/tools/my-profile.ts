import { z } from 'zod';
import { onDay } from './spelling.ts';
import { defineTool } from './tool.ts';

interface ProfileRow {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly city: string;
  readonly country: string;
  readonly since: string;
}

export const myProfile = defineTool({
  name: 'my_profile',
  description: 'Shows what the shop knows about the person who is signed in.',
  input: z.strictObject({}),
  scopes: ['profile:read'],
  policy: 'customers_self',
  async run({ db, identity, name }) {
    const { rows } = await db.own.query<ProfileRow>('select id, name, email, city, country, since::text from shop.customers');
    const [profile] = rows;
    if (profile === undefined) {
      return { rows: 0, answer: { customer: false }, text: `${name} is signed in, but has no customer account here.` };
    }
    const roles = [...identity.roles];
    return {
      rows: 1,
      answer: { customer: true, ...profile, roles },
      table: {
        columns: ['Customer', 'Name', 'Email', 'Home', 'Since'],
        rows: [
          [
            profile.id,
            profile.name,
            profile.email,
            `${profile.city}, ${profile.country}`,
            `${onDay(profile.since)} ${profile.since.slice(0, 4)}`,
          ],
        ],
      },
      ...(roles.length === 0 ? {} : { text: `Roles here: ${roles.join(', ')}.` }),
    };
  },
});
