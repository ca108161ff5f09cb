import { readFileSync } from 'node:fs';

/** The capabilities of capabilities(7), each at the place of its bit number. */
const NAMES = [
  ...['CHOWN', 'DAC_OVERRIDE', 'DAC_READ_SEARCH', 'FOWNER', 'FSETID', 'KILL', 'SETGID', 'SETUID'],
  ...['SETPCAP', 'LINUX_IMMUTABLE', 'NET_BIND_SERVICE', 'NET_BROADCAST', 'NET_ADMIN', 'NET_RAW', 'IPC_LOCK'],
  ...[
    'IPC_OWNER',
    'SYS_MODULE',
    'SYS_RAWIO',
    'SYS_CHROOT',
    'SYS_PTRACE',
    'SYS_PACCT',
    'SYS_ADMIN',
    'SYS_BOOT',
  ],
  ...['SYS_NICE', 'SYS_RESOURCE', 'SYS_TIME', 'SYS_TTY_CONFIG', 'MKNOD', 'LEASE', 'AUDIT_WRITE'],
  ...['AUDIT_CONTROL', 'SETFCAP', 'MAC_OVERRIDE', 'MAC_ADMIN', 'SYSLOG', 'WAKE_ALARM', 'BLOCK_SUSPEND'],
  ...['AUDIT_READ', 'PERFMON', 'BPF', 'CHECKPOINT_RESTORE'],
] as const;

export type Capability = (typeof NAMES)[number];

/** The sets of a thread: what it may do now, what it may take up again, what it gives to programs. */
type CapabilitySet = 'Eff' | 'Prm' | 'Inh' | 'Amb';

/** As bits: bit 12 is NET_ADMIN. */
export function bitsOf(capabilities: readonly Capability[]): bigint {
  return capabilities.reduce((bits, name) => bits | (1n << BigInt(NAMES.indexOf(name))), 0n);
}

/** The names of bits, in their order; `CAP_64` for one that has none here. */
export function namesOf(bits: bigint): readonly string[] {
  return Array.from({ length: 64 }, (_, bit) => bit)
    .filter((bit) => (bits >> BigInt(bit)) % 2n === 1n)
    .map((bit) => NAMES[bit] ?? `CAP_${bit}`);
}

/**
 * A set of a thread, as bits.
 * @param of below /proc; by default the calling thread
 * @returns undefined if there is no /proc
 */
export function capabilitySet(set: CapabilitySet, of = 'thread-self'): bigint | undefined {
  try {
    return setIn(readFileSync(`/proc/${of}/status`, 'utf8'), set);
  } catch {
    return undefined;
  }
}

/** A set in the text of proc_pid_status(5). */
export function setIn(status: string, set: CapabilitySet): bigint | undefined {
  const hex = new RegExp(`^Cap${set}:\\s*([0-9a-f]+)$`, 'm').exec(status)?.[1];
  return hex === undefined ? undefined : BigInt(`0x${hex}`);
}

/** Whether this process has an effective capability. False if there is no /proc. */
export function hasCapability(capability: Capability): boolean {
  return ((capabilitySet('Eff', 'self') ?? 0n) & bitsOf([capability])) !== 0n;
}
