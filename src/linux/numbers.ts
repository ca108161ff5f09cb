/**
 * Constants that several calls use. They are the same on x64 and arm64 (asm-generic/fcntl.h, asm-generic/socket.h,
 * linux/in.h).
 */
export const NONBLOCK = 0o4000;
export const CLOEXEC = 0o2000000;
export const SOCK_STREAM = 1;
export const SOL_SOCKET = 1;
export const IPPROTO_TCP = 6;
export const TCP_NODELAY = 1;
/**
 * Selects this machine's value of a constant that differs between the two architectures. The C library is not loaded on
 * any other.
 */
export const ofArchitecture = <T>(each: { readonly x64: T; readonly arm64: T }): T =>
  process.arch === 'arm64' ? each.arm64 : each.x64;
/** struct timespec on a 64-bit kernel: seconds and nanoseconds, 64 bits each. */
export const TIMESPEC_SIZE = 16;
