/**
 * The one place that calls the C library by FFI (koffi, an optional package). The few functions declared here have the
 * same signature on glibc and musl, x64 and arm64. System calls whose libc wrappers differ go through `syscall`.
 */

import type { Pointer } from './pointer.js';
import { declareStreamCalls, type StreamCalls } from './stream-calls.js';
import { errorMessage } from '../net/error-message.js';

/** A failed system call, shaped like Node's own system errors. */
export class SystemCallError extends Error {
  /** For example `EADDRINUSE`; `E<number>` if the error has no name. */
  readonly code: string;
  readonly errno: number;
  readonly syscall: string;

  constructor(syscall: string, errno: number, code: string) {
    super(`${syscall} ${code}`);
    this.name = 'SystemCallError';
    this.code = code;
    this.errno = errno;
    this.syscall = syscall;
  }
}

/** Each call returns -1 on failure; {@link Libc.errno} then gives the reason. */
export interface Libc extends StreamCalls {
  setns(fd: number, kind: number): number;
  socket(domain: number, type: number, protocol: number): number;
  bind(fd: number, address: Uint8Array, length: number): number;
  getsockname(fd: number, address: Uint8Array, length: Int32Array): number;
  setsockopt(fd: number, level: number, option: number, value: Int32Array, length: number): number;
  close(fd: number): number;
  sendto(
    fd: number,
    message: Uint8Array,
    length: number,
    flags: number,
    to: Uint8Array,
    toLength: number,
  ): number;
  /** `syscall(2)`: number, descriptor, pointer, count, flags, pointer. */
  syscall(number: number, fd: number, b: Pointer, count: number, flags: number, e: Pointer): number;
  /** `syscall(2)` with a number and two arguments, by one of the threads that Node uses for files. */
  poolCall(number: number, a: Pointer, b: Pointer): Promise<number>;
  /** `syscall(2)` for ppoll(2): number, descriptors, how many, timeout, without a signal mask. */
  ppoll(number: number, fds: Pointer, count: number, timeout: Pointer): number;
  clock_gettime(clock: number, timespec: Pointer): number;
  /** The errno of this thread's last failed call. */
  errno(): number;
  /** `EAGAIN` for 11. */
  errnoName(errno: number): string;
  /**
   * The address of a buffer's bytes. The buffer must be an ArrayBuffer of its own. Code that keeps the address must
   * also keep the buffer.
   */
  address(buffer: ArrayBufferLike): Pointer;
}

/** The error of the call that just failed. */
export function systemCallError(libc: Libc, syscall: string): SystemCallError {
  const errno = libc.errno();
  return new SystemCallError(syscall, errno, libc.errnoName(errno));
}

/** Why the C library cannot be called here, worded for operators. */
export interface Unavailable {
  readonly unavailable: string;
}

interface Pooled {
  async(number: number, a: Pointer, b: Pointer, done: (error: Error | null, result: number) => void): void;
}

/** Loads the binding. Each thread calls this once. */
export async function loadLibc(): Promise<Libc | Unavailable> {
  const { platform, arch } = process;
  if (platform !== 'linux') return { unavailable: `the system is ${platform}, not Linux` };
  if (arch !== 'x64' && arch !== 'arm64')
    return { unavailable: `the processor is ${arch}, not x64 or arm64` };
  try {
    const { default: koffi } = await import('koffi');
    const library = koffi.load(null);
    const names = new Map(Object.entries(koffi.os.errno).map(([name, number]) => [number, name]));
    const declare = (signature: string): ((...values: unknown[]) => number) => library.func(signature);
    const ppoll = declare(
      'int64_t syscall(int64_t number, uintptr_t fds, int64_t count, uintptr_t timeout, uintptr_t mask, int64_t size)',
    );
    const pooled = library.func('int64_t syscall(int64_t number, uintptr_t a, uintptr_t b)') as Pooled;
    return {
      ...declareStreamCalls(declare),
      setns: declare('int setns(int fd, int nstype)'),
      socket: declare('int socket(int domain, int type, int protocol)'),
      bind: declare('int bind(int fd, void *address, uint32_t length)'),
      getsockname: declare('int getsockname(int fd, void *address, void *length)'),
      setsockopt: declare('int setsockopt(int fd, int level, int option, void *value, uint32_t length)'),
      close: declare('int close(int fd)'),
      sendto: declare(
        'int64_t sendto(int fd, void *message, size_t length, int flags, void *to, uint32_t toLength)',
      ),
      syscall: declare(
        'int64_t syscall(int64_t number, int64_t fd, uintptr_t b, int64_t count, int64_t flags, uintptr_t e)',
      ),
      poolCall: (number, a, b) =>
        new Promise((resolve, reject) => {
          pooled.async(number, a, b, (error, result) => (error ? reject(error) : resolve(result)));
        }),
      ppoll: (number, fds, count, timeout) => ppoll(number, fds, count, timeout, 0, 0),
      clock_gettime: declare('int clock_gettime(int clock, uintptr_t timespec)'),
      errno: () => koffi.errno(),
      errnoName: (errno) => names.get(errno) ?? `E${errno}`,
      address: (buffer) => Number(koffi.address(new Uint8Array(buffer))),
    };
  } catch (error) {
    const [line = ''] = errorMessage(error).split('\n');
    return { unavailable: `the package koffi cannot be loaded (${line})` };
  }
}
