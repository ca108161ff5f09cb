import { readFileSync } from 'node:fs';

/** Bit numbers of capabilities(7). */
const BITS = { NET_BIND_SERVICE: 10, NET_ADMIN: 12, SYS_NICE: 23 } as const;

export type Capability = keyof typeof BITS;

/** Whether this process has an effective capability. False if there is no /proc. */
export function hasCapability(capability: Capability): boolean {
  try {
    const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    return effective !== undefined && (BigInt(`0x${effective}`) >> BigInt(BITS[capability])) % 2n === 1n;
  } catch {
    return false;
  }
}
