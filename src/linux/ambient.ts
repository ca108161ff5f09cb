import { capabilitySet } from './capabilities.js';
import type { Libc } from './libc.js';
import { ofArchitecture } from './numbers.js';

const PRCTL = ofArchitecture({ x64: 157, arm64: 167 });
/** prctl(2), "PR_CAP_AMBIENT". */
const PR_CAP_AMBIENT = 47;
const RAISE = 2;
const CLEAR_ALL = 4;

/**
 * Does work that starts a process, so that the process does not inherit this one's ambient capabilities: those that
 * systemd's `AmbientCapabilities` gives to a daemon without root. The daemon itself keeps them. The work must start the
 * process before it returns, as `spawn` does.
 */
export function withoutAmbient<T>(libc: Libc, work: () => T): T {
  const held = ambientCapabilities();
  if (held.length === 0) return work();
  libc.syscall(PRCTL, PR_CAP_AMBIENT, CLEAR_ALL, 0, 0, 0);
  try {
    return work();
  } finally {
    for (const capability of held) libc.syscall(PRCTL, PR_CAP_AMBIENT, RAISE, capability, 0, 0);
  }
}

/** The numbers of the capabilities that programs inherit from this thread; none where there is no /proc. */
export function ambientCapabilities(): number[] {
  const bits = capabilitySet('Amb') ?? 0n;
  return Array.from({ length: 64 }, (_, bit) => bit).filter((bit) => (bits >> BigInt(bit)) % 2n === 1n);
}
