import { existsSync, readFileSync } from 'node:fs';
import { release } from 'node:os';

/** The environment variables of a process. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What the machine itself says, apart from the environment variables. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  /** The kernel's release text; the Windows Subsystem for Linux names Microsoft in it. */
  readonly kernel: string;
  /** The contents of a small system file, or undefined where there is none. */
  readonly read: (path: string) => string | undefined;
}

/** The machine this process runs on. */
export const thisMachine: Machine = {
  platform: process.platform,
  kernel: release(),
  read: (path) => {
    try {
      return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
    } catch {
      return undefined;
    }
  },
};

type Check = (environment: Environment, machine: Machine) => string | undefined;

const any = (environment: Environment, names: readonly string[]): boolean => names.some((name) => Boolean(environment[name]));

function remoteShell(environment: Environment): string | undefined {
  return any(environment, ['SSH_CONNECTION', 'SSH_TTY', 'SSH_CLIENT']) ? 'this is an SSH session' : undefined;
}

function cloudWorkspace(environment: Environment): string | undefined {
  const names = ['CODESPACES', 'GITPOD_WORKSPACE_ID', 'CLOUD_SHELL', 'REMOTE_CONTAINERS'];
  return any(environment, names) ? 'this is a workspace on another computer' : undefined;
}

function subsystem(environment: Environment, { kernel }: Machine): string | undefined {
  const found = any(environment, ['WSL_DISTRO_NAME', 'WSL_INTEROP']) || /microsoft/i.test(kernel);
  return found ? 'this is the Windows Subsystem for Linux' : undefined;
}

function container(environment: Environment, { read }: Machine): string | undefined {
  const marked =
    any(environment, ['KUBERNETES_SERVICE_HOST', 'container']) ||
    ['/.dockerenv', '/run/.containerenv'].some((path) => read(path) !== undefined);
  const grouped = /docker|kubepods|containerd|libpod|\/lxc\//.test(read('/proc/1/cgroup') ?? '');
  return marked || grouped ? 'this is a container' : undefined;
}

function screenless(environment: Environment, { platform }: Machine): string | undefined {
  const graphical = ['win32', 'darwin'].includes(platform) || any(environment, ['DISPLAY', 'WAYLAND_DISPLAY']);
  return graphical ? undefined : 'there is no screen for a browser';
}

const checks: readonly Check[] = [remoteShell, cloudWorkspace, subsystem, container, screenless];

/**
 * Says why a browser could not come back to a loopback address of this machine, as the end of a sentence;
 * undefined when it can. A browser outside of an SSH session, a container or a subsystem reaches another 127.0.0.1.
 */
export function whyNoBrowser(environment: Environment, machine: Machine = thisMachine): string | undefined {
  for (const check of checks) {
    const reason = check(environment, machine);
    if (reason) return reason;
  }
  return undefined;
}
