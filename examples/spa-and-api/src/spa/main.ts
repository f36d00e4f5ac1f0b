/** The page: who is signed in, and what the API answers them. */
import type { User, UserManager } from 'oidc-client-ts';
import { callApi, type Problem } from './call.ts';
import { signInSettings } from './settings.ts';
import { arrive, createManager, signIn } from './sign-in.ts';
import { byId, fill, showAnswer, showPerson, showProblem } from './view.ts';

const failed = (title: string, sentence: string): Problem => ({ tone: 'danger', title, sentence });
const notSignedIn = failed('You are not signed in', 'The provider did not let you in, or cannot be reached. Try again.');
const notRenewed = failed('Your sign-in could not be renewed', 'It ends soon. Sign out, then sign in again.');
const notSignedOut = failed('You may still be signed in', 'The provider cannot be reached. Try again.');

await start(createManager());

async function start(manager: UserManager): Promise<void> {
  fill(document, { issuer: new URL(signInSettings.authority).host });
  listen(manager);
  await attempt(async () => showPerson(await arrive(manager), 0), notSignedIn);
  if (byId('signed-in').hidden) byId('signed-out').hidden = false;
}

function listen(manager: UserManager): void {
  let renewed = 0;
  let known: User | undefined;
  manager.events.addUserLoaded((user) => {
    // The same person with other tokens: that was a renewal.
    renewed = known === undefined ? 0 : renewed + 1;
    known = user;
    showPerson(user, renewed);
    showProblem(undefined);
  });
  manager.events.addSilentRenewError(() => showProblem(notRenewed));
  press('sign-in', () => attempt(() => signIn(manager), notSignedIn));
  press('sign-out', () => attempt(() => manager.signoutRedirect({ state: 'signed-out' }), notSignedOut));
  press('renew', () => attempt(() => manager.signinSilent(), notRenewed));
  for (const button of document.querySelectorAll<HTMLElement>('[data-call]'))
    button.addEventListener('click', async () => {
      const user = await manager.getUser();
      const token = 'withoutToken' in button.dataset ? undefined : user?.access_token;
      showAnswer(await callApi(button.dataset.call ?? '', token));
    });
}

function press(id: string, action: () => Promise<unknown>): void {
  byId(id).addEventListener('click', () => void action());
}

/** The browser's console has the reason; the page says what to do. */
async function attempt(action: () => Promise<unknown>, problem: Problem): Promise<void> {
  try {
    showProblem(undefined);
    await action();
  } catch (error) {
    console.warn(error instanceof Error ? `${error.name}: ${error.message}` : 'failed');
    showProblem(problem);
  }
}
