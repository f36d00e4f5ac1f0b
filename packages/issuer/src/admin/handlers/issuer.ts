import { findUser } from '../../people/users.ts';
import { rotateSigningKeys } from '../../secrets/signing-keys.ts';
import type { Row, Statement } from '../../store/database.ts';
import type { Handlers } from '../call.ts';
import { adminRoles } from '../caller.ts';
import { events } from '../lists.ts';
import { CallRefused, unknown } from '../problem.ts';
import type { issuerRoutes } from '../routes/issuer.ts';
import { page } from './shown.ts';

const KEYS: Statement = {
  name: 'list signing keys',
  text: `select kid, issuer, algorithm, state, published_at, activated_at, retired_at from issuer.signing_key
    order by issuer, case state when 'active' then 0 when 'next' then 1 else 2 end, published_at desc, kid`,
};

export const issuerHandlers: Handlers<typeof issuerRoutes> = {
  async me({ run, caller }) {
    const user = await findUser({ run }, caller.id);
    if (user === undefined) throw unknown('user', caller.id);
    const { id, kind, organizationId: organization, name = null, email = null } = user;
    const roles = caller.roles.filter((role) => role in adminRoles);
    return {
      id,
      kind,
      organization,
      name,
      email,
      client: caller.client ?? null,
      roles,
      scopes: caller.scopes,
      expiresAt: caller.expiresAt.toISOString(),
    };
  },
  'keys.list': async ({ run }) => ({ items: (await run(KEYS, [])).map(keyRow), next: null }),
  async 'keys.rotate'({ run, record, desk }) {
    const { result, active, removed } = await rotateSigningKeys({ transaction: (work) => work(run) }, desk.seal, { force: true });
    if (result === 'early')
      throw new CallRefused('conflict', 'the next key was published less than a day ago, so that APIs may not know it yet: try tomorrow');
    await record({ type: 'keys.rotation_asked', target: active });
    return { active, removed };
  },
  'events.list': (call) => page(call, events),
};

function keyRow({ kid, issuer, algorithm, state, published_at, activated_at, retired_at }: Row): Row {
  const [publishedAt, activatedAt, retiredAt] = [published_at, activated_at, retired_at].map(written);
  return { kid, issuer: issuer || null, algorithm, state, publishedAt, activatedAt, retiredAt };
}

const written = (time: unknown): string | null => (time instanceof Date ? time.toISOString() : null);
