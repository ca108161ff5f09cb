import { holdSetting, readSettingAt, type ReleaseSetting } from './held-settings.js';

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
 * @returns undoes what was changed here, unless another part of this process needs it; undefined: nothing was
 * @throws the system's error where that cannot be set
 */
export function silenceRedirects(interfaces: readonly string[]): ReleaseSetting | undefined {
  const releases: ReleaseSetting[] = [];
  const undo: ReleaseSetting = (isLeft) => {
    for (const each of releases) each(isLeft);
  };
  try {
    // Either of the two is enough to have them sent.
    for (const name of ['all', ...interfaces]) {
      const release = holdSetting(pathOf(`ipv4/conf/${name}/send_redirects`), '1', '0');
      if (release) releases.push(release);
    }
  } catch (error) {
    undo();
    throw error;
  }
  return releases.length > 0 ? undo : undefined;
}

function pathOf(setting: string): string {
  return `/proc/sys/net/${setting}`;
}

/** undefined: this kernel does not have it, or the interface is not there. */
function readSetting(setting: string): string | undefined {
  return readSettingAt(pathOf(setting));
}
