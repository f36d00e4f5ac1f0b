/** What the person must know while signing in. A program may show it in its own words. */
export type SignInStep =
  | {
      readonly kind: 'browser';
      /** Where to sign in. Always shown: a browser that was asked to open need not have. */
      readonly url: URL;
      /** A program that opens browsers was started. */
      readonly opened: boolean;
      /** When nobody waits any longer. */
      readonly until: Date;
      /** The address the browser ends at may be pasted into the terminal. */
      readonly pasteable: boolean;
    }
  | {
      readonly kind: 'device';
      /** Where to sign in, with the code filled in if the provider can do that. */
      readonly url: URL;
      /** What the page shows or asks for. */
      readonly userCode: string;
      readonly until: Date;
      /** Why there is no browser here, as the end of a sentence; undefined when the device grant was asked for. */
      readonly because: string | undefined;
    }
  | {
      readonly kind: 'notice';
      /** One sentence. */
      readonly message: string;
    };

const clockTime = (time: Date): string => time.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });

/** The lines of a step: first what to do, then, where `quiet` is true, what happens meanwhile. */
export function linesOf(step: SignInStep): readonly { readonly text: string; readonly quiet: boolean }[] {
  const say = (text: string) => ({ text, quiet: false });
  const whisper = (text: string) => ({ text, quiet: true });
  if (step.kind === 'notice') return [whisper(step.message)];
  const address = [say('To sign in, open'), say(`  ${step.url.href}`)];
  const waiting = `Waiting for you, until ${clockTime(step.until)} …`;
  if (step.kind === 'device') {
    const where = step.because === undefined ? 'Any device will do.' : `Any device will do, because ${step.because}.`;
    return [...address, say(`and check that it shows the code ${step.userCode}.`), whisper(`${where} ${waiting}`)];
  }
  const opened = step.opened ? `A browser should open by itself. ${waiting}` : waiting;
  const paste = whisper('If the browser cannot come back, paste the address it ends at here.');
  return [...address, whisper(opened), ...(step.pasteable ? [paste] : [])];
}
