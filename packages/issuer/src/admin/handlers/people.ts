import { setPassword } from '../../people/passwords.ts';
import { emailKey, endSignIns, findUser, upsertUser } from '../../people/users.ts';
import { newId } from '../../store/ids.ts';
import type { Handlers } from '../call.ts';
import { people } from '../lists.ts';
import { unknown } from '../problem.ts';
import type { peopleRoutes } from '../routes/people.ts';
import { given } from './declared.ts';
import { refuseTaken } from './ids.ts';
import { refuseSubjects } from './people-subjects.ts';
import { alreadyThere, page, shown } from './shown.ts';
import { disable, enable } from './states.ts';

export const peopleHandlers: Handlers<typeof peopleRoutes> = {
  'people.list'(call) {
    const { email } = call.query;
    return page(call, people, email === undefined ? {} : { email: emailKey(email) });
  },
  'people.show': (call) => shown(call, people, call.params.person),
  async 'people.create'(call) {
    const { password, ...facts } = call.body;
    const found = password === undefined && (await alreadyThere(call, people, facts));
    if (found) return found;
    const { id = newId('usr'), organization, emailVerified = false, ...known } = facts;
    await refuseTaken(call.run, 'subject', id);
    if (facts.subjects !== undefined) await refuseSubjects(call, { id, subjects: facts.subjects });
    await upsertUser(call.run, { ...known, id, kind: 'person', organizationId: organization, emailVerified, state: 'active' });
    if (password !== undefined) await setPassword(call.run, id, { password });
    await call.record({ type: 'user.created', target: id, details: { kind: 'person', password: password !== undefined } });
    return shown(call, people, id);
  },
  async 'people.change'(call) {
    const id = call.params.person;
    const before = await findUser(call, id);
    if (before === undefined) throw unknown('person', id);
    if (call.body.subjects !== undefined) await refuseSubjects(call, { id, subjects: call.body.subjects });
    // Nobody has verified a new address yet.
    const kept = call.body.email === undefined || call.body.email === before.email;
    const emailVerified = call.body.emailVerified ?? (kept && before.emailVerified);
    const change = await upsertUser(call.run, { ...before, ...given(call.body), emailVerified });
    if (change === 'same') call.unchanged();
    else await call.record({ type: 'user.changed', target: id, details: { changed: Object.keys(call.body) } });
    return shown(call, people, id);
  },
  async 'people.disable'(call) {
    await disable(call, call.params.person);
    return shown(call, people, call.params.person);
  },
  async 'people.enable'(call) {
    await enable(call, call.params.person);
    return shown(call, people, call.params.person);
  },
  async 'people.set-password'(call) {
    const id = call.params.person;
    await setPassword(call.run, id, { password: call.body.password });
    await endSignIns(call.run, id);
    await call.record({ type: 'password.set', target: id });
    return undefined;
  },
};
