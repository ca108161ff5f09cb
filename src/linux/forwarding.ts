import { existsSync, readFileSync, writeFileSync } from 'node:fs';

/** How the kernel forwards packets between interfaces of this network namespace (kernel, ip-sysctl). */

type Family = 'ip' | 'ip6';

/** Whether it forwards packets at all. */
export function isForwarding(family: Family): boolean {
  return readSetting(family === 'ip' ? 'ipv4/ip_forward' : 'ipv6/conf/all/forwarding') === '1';
}

/**
 * Whether frames that stay on one bridge pass the rules for packets (br_netfilter), so that connections between its
 * ports are translated both ways.
 */
export function areBridgesFiltered(family: Family): boolean {
  return readSetting(`bridge/bridge-nf-call-${family}tables`) === '1';
}

/**
 * Has the kernel send no redirects to clients on interfaces: it would tell them the way past the host, and the limit
 * for such messages is the one for refusals too.
 * @returns undoes what was changed here; undefined: nothing was
 * @throws the system's error where that cannot be set
 */
export function silenceRedirects(interfaces: readonly string[]): (() => void) | undefined {
  const changed: string[] = [];
  const undo = (): void => {
    for (const setting of changed.splice(0))
      if (existsSync(pathOf(setting))) writeFileSync(pathOf(setting), '1');
  };
  try {
    // Either of the two is enough to have them sent.
    for (const name of ['all', ...interfaces]) {
      const setting = `ipv4/conf/${name}/send_redirects`;
      if (readSetting(setting) !== '1') continue;
      writeFileSync(pathOf(setting), '0');
      changed.push(setting);
    }
  } catch (error) {
    undo();
    throw error;
  }
  return changed.length > 0 ? undo : undefined;
}

function pathOf(setting: string): string {
  return `/proc/sys/net/${setting}`;
}

/** undefined: this kernel does not have it, or the interface is not there. */
function readSetting(setting: string): string | undefined {
  try {
    return readFileSync(pathOf(setting), 'utf8').trim();
  } catch {
    return undefined;
  }
}
