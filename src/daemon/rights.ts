import type { Config } from '../config/config-model.js';
import { capabilitySet, namesOf, type Capability } from '../linux/capabilities.js';
import { keepCapabilities, keepCapabilitiesOfPool } from '../linux/capability-drop.js';
import { loadLibc } from '../linux/libc.js';
import { errorMessage } from '../net/error-message.js';
import type { Log } from '../net/log.js';
import type { Part } from './lifecycle.js';
import type { LoadedConfig } from './loaded-config.js';

/** Ports below 1024; addresses, routes and rules of the host; the order of threads; files that belong to others. */
const ALWAYS = ['NET_BIND_SERVICE', 'NET_ADMIN', 'SYS_NICE', 'DAC_OVERRIDE'] as const;

/** To enter the network namespaces of containers. */
const FOR_CONTAINERS = ['SYS_ADMIN', 'SYS_PTRACE'] as const;

/**
 * What Docker gives a container. To look at one, a process must have these too, or SYS_PTRACE (ptrace(2)), which the
 * image does not get.
 */
const OF_CONTAINERS = [
  ...['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'KILL', 'SETGID', 'SETUID', 'SETPCAP'],
  ...['NET_BIND_SERVICE', 'NET_RAW', 'SYS_CHROOT', 'MKNOD', 'AUDIT_WRITE', 'SETFCAP'],
] as const;

/** Files and commands of other users. */
const FOR_TEMPLATES = ['CHOWN', 'FOWNER', 'KILL', 'SETUID', 'SETGID'] as const;

/** What a daemon with this configuration needs, of what it may have. */
export function rightsFor(
  { sources, render }: Pick<Config, 'sources' | 'render'>,
  permitted: bigint,
): readonly Capability[] {
  const traces = namesOf(permitted).includes('SYS_PTRACE');
  const rendersNothing = render.templates.length === 0 && render.exec === undefined;
  return [
    ...ALWAYS,
    ...(sources.docker === undefined ? [] : [...FOR_CONTAINERS, ...(traces ? [] : OF_CONTAINERS)]),
    ...(rendersNothing ? [] : FOR_TEMPLATES),
  ];
}

/** What a daemon with any configuration needs. */
const EVER: readonly Capability[] = [...ALWAYS, ...FOR_CONTAINERS, ...OF_CONTAINERS, ...FOR_TEMPLATES];

/**
 * Gives up the capabilities that the daemon does not need. What another configuration would need can be taken up again
 * at a reload.
 */
export class Rights implements Part {
  readonly name = 'rights';
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  async start({ config }: LoadedConfig): Promise<void> {
    const libc = await loadLibc();
    const may = capabilitySet('Prm');
    if ('unavailable' in libc || !may) return;
    const kept = {
      effective: rightsFor(config, may),
      // Root gets all back when it starts a program. Others give programs what they may have: a successor needs that.
      ...(process.geteuid?.() === 0 && { permitted: EVER }),
    };
    if (!keepCapabilities(libc, kept)) {
      this.#log.warn('capabilities that are not needed could not be given up');
      return;
    }
    void keepCapabilitiesOfPool(libc, kept).catch((error: unknown) => {
      this.#log.warn('threads keep capabilities that are not needed', { error: errorMessage(error) });
    });
  }

  reload(loaded: LoadedConfig): Promise<void> {
    return this.start(loaded);
  }
}

/** The capabilities in effect, for `fairlead status`. */
export function rightsInEffect(): readonly string[] {
  return namesOf(capabilitySet('Eff', 'self') ?? 0n);
}
