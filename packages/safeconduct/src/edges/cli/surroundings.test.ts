import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Environment, type Machine, whyNoBrowser } from './surroundings.ts';

const desktop: Machine = { platform: 'linux', kernel: '6.8.0-generic', read: () => undefined };
const screen = { DISPLAY: ':0' };

const withFile = (path: string, text: string): Machine => ({ ...desktop, read: (asked) => (asked === path ? text : undefined) });

const withoutBrowser: Readonly<Record<string, readonly [Environment, Machine]>> = {
  'an SSH session': [{ ...screen, SSH_CONNECTION: '192.0.2.1 50000 192.0.2.2 22' }, desktop],
  'an SSH session on a Mac': [{ SSH_TTY: '/dev/ttys001' }, { ...desktop, platform: 'darwin' }],
  'the Windows Subsystem for Linux': [{ ...screen, WSL_DISTRO_NAME: 'Ubuntu' }, desktop],
  'a kernel made by Microsoft': [screen, { ...desktop, kernel: '5.15.90.1-microsoft-standard-WSL2' }],
  'a Docker container': [screen, withFile('/.dockerenv', '')],
  'a Podman container': [{ ...screen, container: 'podman' }, desktop],
  'a pod': [{ ...screen, KUBERNETES_SERVICE_HOST: '192.0.2.1' }, desktop],
  'a control group of containerd': [screen, withFile('/proc/1/cgroup', '0::/kubepods/besteffort/pod1')],
  'a codespace': [{ ...screen, CODESPACES: 'true' }, desktop],
  'a machine without a screen': [{}, desktop],
};

describe('where a browser can come back to', () => {
  for (const [where, [environment, machine]] of Object.entries(withoutBrowser)) {
    it(`takes the device grant in ${where}`, () => {
      assert.equal(typeof whyNoBrowser(environment, machine), 'string');
    });
  }

  it('takes the browser on a desktop', () => {
    assert.equal(whyNoBrowser(screen, desktop), undefined);
    assert.equal(whyNoBrowser({ WAYLAND_DISPLAY: 'wayland-0' }, desktop), undefined);
    assert.equal(whyNoBrowser({}, { ...desktop, platform: 'darwin' }), undefined);
    assert.equal(whyNoBrowser({}, { ...desktop, platform: 'win32' }), undefined);
  });
});
