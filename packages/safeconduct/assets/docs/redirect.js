/** Runs where the provider sends the answer of a sign-in to: hands it to the docs page that waits for it, and closes the window. */
import { channelName } from './sign-in.js';

const outcome = document.getElementById('outcome');
const answer = Object.fromEntries(new URLSearchParams(location.search));
// A code does not belong into the address of a page that stays open, nor into its history.
history.replaceState(null, '', location.pathname);

const channel = new BroadcastChannel(channelName);
const nobody = setTimeout(
  () => say('No page of these API docs waits for this sign-in. Close this window, go back to the docs, and sign in again there.'),
  3000,
);
channel.onmessage = ({ data }) => {
  if (answer.state === undefined || data?.taken !== answer.state) return;
  clearTimeout(nobody);
  say('Done. You can close this window and go back to the API docs.');
  window.close();
};
channel.postMessage({ answer });

function say(words) {
  outcome.textContent = words;
}
