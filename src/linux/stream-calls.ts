import type { Pointer } from './pointer.js';

/**
 * The calls on stream sockets, pipes and epoll, for threads that make hundreds of thousands of them per second.
 * Pointers are numbers, so that a call neither allocates nor looks anything up. Each call returns -1 on failure.
 */
export interface StreamCalls {
  listen(fd: number, backlog: number): number;
  accept4(fd: number, address: Pointer, length: Pointer, flags: number): number;
  connect(fd: number, address: Pointer, length: number): number;
  recv(fd: number, octets: Pointer, length: number, flags: number): number;
  send(fd: number, octets: Pointer, length: number, flags: number): number;
  shutdown(fd: number, how: number): number;
  getsockopt(fd: number, level: number, option: number, value: Pointer, length: Pointer): number;
  /** `setsockopt(2)` with the value at a memory address. */
  setsockoptAt(fd: number, level: number, option: number, value: Pointer, length: number): number;
  pipe2(fds: Pointer, flags: number): number;
  fcntl(fd: number, command: number, value: number): number;
  splice(
    from: number,
    fromOffset: Pointer,
    to: number,
    toOffset: Pointer,
    length: number,
    flags: number,
  ): number;
  epoll_create1(flags: number): number;
  epoll_ctl(epoll: number, operation: number, fd: number, event: Pointer): number;
  epoll_wait(epoll: number, events: Pointer, most: number, timeout: number): number;
  eventfd(initial: number, flags: number): number;
  read(fd: number, octets: Pointer, length: number): number;
  write(fd: number, octets: Pointer, length: number): number;
}

/**
 * Counts are returned as `int`, because no caller requests 2 GiB at a time.
 * @param declare makes a function from a C declaration
 */
export function declareStreamCalls(
  declare: (signature: string) => (...values: unknown[]) => number,
): StreamCalls {
  return {
    listen: declare('int listen(int fd, int backlog)'),
    accept4: declare('int accept4(int fd, uintptr_t address, uintptr_t length, int flags)'),
    connect: declare('int connect(int fd, uintptr_t address, uint32_t length)'),
    recv: declare('int recv(int fd, uintptr_t octets, size_t length, int flags)'),
    send: declare('int send(int fd, uintptr_t octets, size_t length, int flags)'),
    shutdown: declare('int shutdown(int fd, int how)'),
    getsockopt: declare('int getsockopt(int fd, int level, int option, uintptr_t value, uintptr_t length)'),
    setsockoptAt: declare('int setsockopt(int fd, int level, int option, uintptr_t value, uint32_t length)'),
    pipe2: declare('int pipe2(uintptr_t fds, int flags)'),
    fcntl: declare('int fcntl(int fd, int command, int64_t value)'),
    splice: declare(
      'int splice(int from, uintptr_t fromOffset, int to, uintptr_t toOffset, size_t length, uint32_t flags)',
    ),
    epoll_create1: declare('int epoll_create1(int flags)'),
    epoll_ctl: declare('int epoll_ctl(int epoll, int operation, int fd, uintptr_t event)'),
    epoll_wait: declare('int epoll_wait(int epoll, uintptr_t events, int most, int timeout)'),
    eventfd: declare('int eventfd(uint32_t initial, int flags)'),
    read: declare('int read(int fd, uintptr_t octets, size_t length)'),
    write: declare('int write(int fd, uintptr_t octets, size_t length)'),
  };
}
