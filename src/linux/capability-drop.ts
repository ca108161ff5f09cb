import { bitsOf, capabilitySet, type Capability } from './capabilities.js';
import type { Libc } from './libc.js';
import { ofArchitecture, TIMESPEC_SIZE } from './numbers.js';

/** capset(2), nanosleep(2), gettid(2). */
const CAPSET = ofArchitecture({ x64: 126, arm64: 91 });
const NANOSLEEP = ofArchitecture({ x64: 35, arm64: 101 });
const GETTID = ofArchitecture({ x64: 186, arm64: 178 });
/** linux/capability.h: two 32-bit parts of each set. */
const VERSION_3 = 0x20080522;

/** How long a thread of the pool sleeps so that another makes the next call, in ns. */
const NAP_NS = 2_000_000;
const MOST_ROUNDS = 100;

/** What a thread keeps. */
interface Kept {
  /** What it may do. */
  readonly effective: readonly Capability[];
  /** What it may take up again; absent: what it has. Programs that it starts as root have all of root's all the same. */
  readonly permitted?: readonly Capability[];
}

/**
 * Gives up capabilities of the calling thread, and of those that it starts from now on. Each thread has sets of its own
 * (capabilities(7)). What the thread does not have it does not get.
 * @returns whether the kernel did it
 */
export function keepCapabilities(libc: Libc, kept: Kept): boolean {
  const call = capsetCall(libc, kept);
  return call !== undefined && libc.syscall(CAPSET, call.header, call.data, 0, 0, 0) === 0;
}

/**
 * The same for the threads that Node uses for files, which are there before any code of ours runs. V8's helper threads
 * cannot be reached; they run no code of ours.
 */
export async function keepCapabilitiesOfPool(libc: Libc, kept: Kept): Promise<void> {
  const call = capsetCall(libc, kept);
  if (!call) return;
  const nap = new BigInt64Array(new ArrayBuffer(TIMESPEC_SIZE));
  nap[1] = BigInt(NAP_NS);
  const sleep = () => libc.poolCall(NANOSLEEP, libc.address(nap.buffer), 0);
  const drop = () => libc.poolCall(CAPSET, call.header, call.data);
  const threads = Number(process.env['UV_THREADPOOL_SIZE']) || 4;
  // A thread that has made the call sleeps meanwhile. On a busy machine one may still make several, so each says which
  // one it is, until all have been seen with just what is kept.
  const done = new Set<number>();
  for (let round = 0; round < MOST_ROUNDS && done.size < threads; round++) {
    const calls = Array.from({ length: threads }, () => [drop(), sleep()]);
    const asked = Array.from({ length: threads }, () => [libc.poolCall(GETTID, 0, 0), sleep()] as const);
    await Promise.all(calls.flat());
    for (const [thread] of asked) {
      const id = await thread;
      if (capabilitySet('Eff', `self/task/${id}`) === call.effective) done.add(id);
    }
  }
}

interface CapsetCall {
  readonly header: number;
  readonly data: number;
  /** What a thread may do after it. */
  readonly effective: bigint;
}

/** Memory that the kernel may still read. */
const memory: ArrayBuffer[] = [];

function capsetCall(libc: Libc, { effective, permitted }: Kept): CapsetCall | undefined {
  const [may, inherits] = [capabilitySet('Prm'), capabilitySet('Inh')];
  if (may === undefined || inherits === undefined) return undefined;
  const nextMay = permitted ? may & bitsOf(permitted) : may;
  const next = nextMay & bitsOf(effective);
  const header = new Uint32Array(new ArrayBuffer(8));
  header[0] = VERSION_3;
  const data = new Uint32Array(new ArrayBuffer(24));
  for (const part of [0, 1]) {
    const words = [next, nextMay, inherits].map((set) => Number((set >> BigInt(32 * part)) & 0xffffffffn));
    data.set(words, 3 * part);
  }
  memory.push(header.buffer, data.buffer);
  return { header: libc.address(header.buffer), data: libc.address(data.buffer), effective: next };
}
