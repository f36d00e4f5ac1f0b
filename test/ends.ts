/**
 * Loaded before every file of tests: a file that is still running long after its last test, because something was left open,
 * or that never comes to its tests, fails and says so. Without this it holds the whole run up for ever: the runner's
 * own limit is for tests and hooks.
 */
import { after } from 'node:test';

const ends = (seconds: number, what: string): NodeJS.Timeout =>
  setTimeout(() => {
    console.error(`# ${process.argv[1]} ${what}; open are ${process.getActiveResourcesInfo().join(', ')}`);
    process.exit(1);
  }, seconds * 1000).unref();

if (process.env.NODE_TEST_CONTEXT?.startsWith('child')) {
  const whole = ends(540, 'takes more than nine minutes');
  after(() => {
    clearTimeout(whole);
    ends(30, 'does not end within 30 seconds of its last test');
  });
}
