// The load of bench:vip: clients and the task that they reach, in one thread that never sleeps. So what is measured never
// pays for waking it, and is compared by its own work alone.
//   load conn IP TASK_PORT PORT MS CONCURRENCY   connect, request, reply, close; again
//   load ping IP TASK_PORT PORT MS CONCURRENCY   request, reply on connections that stay
//   load bulk IP TASK_PORT PORT BYTES STREAMS    octets from the task, every one compared
//   load idle IP TASK_PORT PORT COUNT            opens connections that have asked once, says so, holds them until stdin ends
// The task listens on IP and TASK_PORT; clients connect to IP and PORT, or to PORT if it is an address and a port. A request is 64 octets: 'e' asks for them back, 'b'
// and a number asks for that many octets. The result is one JSON object; times are of CLOCK_MONOTONIC.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { REQUEST = 64, PATTERN = 65521, PIECE = 256 * 1024, EVENTS = 512, FDS = 1 << 16, SAMPLES = 1 << 22 };

struct peer {
  int is_client;
  int got;          // octets of the message that is under way
  int kept;         // client: has been connected
  uint64_t started; // client: when the request began
  uint64_t left;    // octets of bulk still to come or to go
  uint64_t at;      // position in the pattern
  char request[REQUEST];
};

static struct peer peers[FDS];
static unsigned char pattern[PATTERN + PIECE];
static unsigned char buffer[PIECE];
static uint32_t samples[SAMPLES];
static int sample_count;
static uint64_t failed;

static uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void die(const char *what) {
  fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
  exit(1);
}

// User and system time of this process; of what it sends over loopback, the kernel's work is in it.
static double cpu_seconds(void) {
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) + (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static void fill_pattern(void) {
  uint32_t x = 2463534242u;
  for (int i = 0; i < PATTERN; i++) {
    x ^= x << 13, x ^= x >> 17, x ^= x << 5;
    pattern[i] = (unsigned char)x;
  }
  for (int i = 0; i < PIECE; i++) pattern[PATTERN + i] = pattern[i % PATTERN];
}

static struct sockaddr_in address_of(const char *ip, const char *port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
  if (inet_pton(AF_INET, ip, &address.sin_addr) != 1) die(ip);
  return address;
}

static int epoll;
static void watch(int fd, uint32_t events, int op) {
  struct epoll_event event = {.events = events, .data.fd = fd};
  if (epoll_ctl(epoll, op, fd, &event) < 0) die("epoll_ctl");
}

static void no_delay(int fd) {
  int one = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

// ---- server

static void send_bulk(int fd) {
  struct peer *peer = &peers[fd];
  while (peer->left > 0) {
    size_t size = peer->left < PIECE ? peer->left : PIECE;
    ssize_t sent = send(fd, pattern + peer->at, size, MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EAGAIN) return watch(fd, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
      close(fd);
      return;
    }
    peer->left -= (uint64_t)sent;
    peer->at = (peer->at + (uint64_t)sent) % PATTERN;
  }
  watch(fd, EPOLLIN, EPOLL_CTL_MOD);
}

static void serve_one(int fd) {
  struct peer *peer = &peers[fd];
  for (;;) {
    ssize_t got = recv(fd, peer->request + peer->got, (size_t)(REQUEST - peer->got), 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
      close(fd);
      return;
    }
    peer->got += (int)got;
    if (peer->got < REQUEST) return;
    peer->got = 0;
    if (peer->request[0] == 'b') {
      peer->left = strtoull(peer->request + 1, NULL, 10);
      peer->at = 0;
      send_bulk(fd);
    } else if (send(fd, peer->request, REQUEST, MSG_NOSIGNAL) != REQUEST) {
      close(fd);
    }
    return;
  }
}

static int listener;
static void listen_at(struct sockaddr_in address) {
  int one = 1;
  listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0) die("bind");
  if (listen(listener, 4096) < 0) die("listen");
  watch(listener, EPOLLIN, EPOLL_CTL_ADD);
}

// What the task has to do about an event; 0 when the event is a client's.
static int task_event(struct epoll_event *event) {
  int fd = event->data.fd, accepted;
  if (fd != listener) {
    if (peers[fd].is_client) return 0;
    if (event->events & EPOLLOUT) send_bulk(fd);
    else serve_one(fd);
    return 1;
  }
  while ((accepted = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
    if (accepted >= FDS) die("too many connections");
    memset(&peers[accepted], 0, sizeof peers[accepted]);
    no_delay(accepted);
    watch(accepted, EPOLLIN, EPOLL_CTL_ADD);
  }
  return 1;
}

// ---- clients

static struct sockaddr_in target;

static void ask(int fd) {
  char request[REQUEST] = {'e'};
  if (send(fd, request, REQUEST, MSG_NOSIGNAL) != REQUEST) failed++;
}

static void open_one(void) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (fd < 0 || fd >= FDS) die("socket");
  memset(&peers[fd], 0, sizeof peers[fd]);
  peers[fd].is_client = 1;
  no_delay(fd);
  peers[fd].started = now_ns();
  if (connect(fd, (struct sockaddr *)&target, sizeof target) < 0 && errno != EINPROGRESS) die("connect");
  watch(fd, EPOLLOUT, EPOLL_CTL_ADD);
}

static int by_size(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}

static double percentile(double share) {
  return sample_count == 0 ? 0 : samples[(int)(share * (sample_count - 1))] / 1000.0;
}

// `again`: a new connection for each request. The first fifth of the time is not counted.
static int requests(long ms, int concurrency, int again) {
  for (int i = 0; i < concurrency; i++) open_one();
  uint64_t begin = now_ns(), warm = begin + (uint64_t)ms * 200000u, end = begin + (uint64_t)ms * 1000000u, now = begin;
  uint64_t done = 0, all = 0, counted_from = 0;
  struct epoll_event events[EVENTS];
  while (now < end) {
    int count = epoll_wait(epoll, events, EVENTS, 0);
    now = now_ns();
    for (int i = 0; i < count; i++) {
      if (task_event(&events[i])) continue;
      int fd = events[i].data.fd;
      struct peer *peer = &peers[fd];
      if (!peer->kept) {
        peer->kept = 1;
        ask(fd);
        watch(fd, EPOLLIN, EPOLL_CTL_MOD);
        continue;
      }
      ssize_t got = recv(fd, buffer, REQUEST, 0);
      if (got <= 0) {
        if (got < 0 && errno == EAGAIN) continue;
        failed++;
        close(fd);
        open_one();
        continue;
      }
      if ((peer->got += (int)got) < REQUEST) continue;
      peer->got = 0;
      uint64_t ended = now_ns();
      all++;
      if (now >= warm) {
        if (counted_from == 0) counted_from = now;
        done++;
        if (sample_count < SAMPLES) samples[sample_count++] = (uint32_t)(ended - peer->started);
      }
      if (again) {
        close(fd);
        open_one();
      } else {
        peer->started = ended;
        ask(fd);
      }
    }
  }
  qsort(samples, (size_t)sample_count, sizeof samples[0], by_size);
  double seconds = (double)(now - counted_from) / 1e9;
  printf("{\"all\":%llu,\"ops\":%llu,\"seconds\":%.6f,\"failed\":%llu,\"p50_us\":%.2f,\"p99_us\":%.2f,\"cpu_s\":%.6f}\n", (unsigned long long)all,
         (unsigned long long)done, seconds, (unsigned long long)failed, percentile(0.5), percentile(0.99), cpu_seconds());
  return 0;
}

static int bulk(uint64_t bytes, int streams) {
  uint64_t begin = now_ns(), all = 0, wrong = 0;
  for (int i = 0; i < streams; i++) open_one();
  struct epoll_event events[EVENTS];
  for (int open = streams; open > 0;) {
    int count = epoll_wait(epoll, events, EVENTS, 0);
    for (int i = 0; i < count; i++) {
      if (task_event(&events[i])) continue;
      int fd = events[i].data.fd;
      struct peer *peer = &peers[fd];
      if (!peer->kept) {
        char request[REQUEST] = {0};
        snprintf(request, sizeof request, "b%llu", (unsigned long long)(bytes / (uint64_t)streams));
        peer->kept = 1;
        peer->left = bytes / (uint64_t)streams;
        if (send(fd, request, REQUEST, MSG_NOSIGNAL) != REQUEST) die("send");
        watch(fd, EPOLLIN, EPOLL_CTL_MOD);
        continue;
      }
      ssize_t got = recv(fd, buffer, PIECE, 0);
      if (got <= 0 || (uint64_t)got > peer->left) {
        if (got < 0 && errno == EAGAIN) continue;
        failed++;
        open--;
        close(fd);
        continue;
      }
      if (memcmp(buffer, pattern + peer->at, (size_t)got) != 0) wrong++;
      peer->at = (peer->at + (uint64_t)got) % PATTERN;
      peer->left -= (uint64_t)got;
      all += (uint64_t)got;
      if (peer->left == 0) {
        open--;
        close(fd);
      }
    }
  }
  printf("{\"bytes\":%llu,\"seconds\":%.6f,\"failed\":%llu,\"wrong\":%llu,\"cpu_s\":%.6f}\n", (unsigned long long)all,
         (double)(now_ns() - begin) / 1e9, (unsigned long long)failed, (unsigned long long)wrong, cpu_seconds());
  return 0;
}

static int idle(int count) {
  int asked = 0, answered = 0;
  struct epoll_event events[EVENTS];
  fcntl(0, F_SETFL, O_NONBLOCK);
  // In small groups: the queue of a listener is short.
  for (int opened = 0; answered < count;) {
    while (opened < count && opened - answered < 64) open_one(), opened++;
    int count_of_events = epoll_wait(epoll, events, EVENTS, 0);
    for (int i = 0; i < count_of_events; i++) {
      if (task_event(&events[i])) continue;
      int fd = events[i].data.fd;
      if (!peers[fd].kept) {
        peers[fd].kept = 1;
        asked++;
        ask(fd);
        watch(fd, EPOLLIN, EPOLL_CTL_MOD);
      } else if (recv(fd, buffer, REQUEST, 0) == REQUEST) {
        answered++;
      } else die("recv");
    }
  }
  printf("{\"open\":%d}\n", asked);
  fflush(stdout);
  while (read(0, buffer, PIECE) != 0) {
    epoll_wait(epoll, events, 1, 20);
  }
  return 0;
}

int main(int argc, char **argv) {
  if (argc < 6) {
    fprintf(stderr, "usage: load conn|ping|bulk|idle IP TASK_PORT PORT ...\n");
    return 2;
  }
  signal(SIGPIPE, SIG_IGN);
  fill_pattern();
  epoll = epoll_create1(0);
  listen_at(address_of(argv[2], argv[3]));
  char *colon = strchr(argv[4], ':');
  if (colon) *colon = 0;
  target = colon ? address_of(argv[4], colon + 1) : address_of(argv[2], argv[4]);
  if (strcmp(argv[1], "conn") == 0 && argc == 7) return requests(atol(argv[5]), atoi(argv[6]), 1);
  if (strcmp(argv[1], "ping") == 0 && argc == 7) return requests(atol(argv[5]), atoi(argv[6]), 0);
  if (strcmp(argv[1], "bulk") == 0 && argc == 7) return bulk(strtoull(argv[5], NULL, 10), atoi(argv[6]));
  if (strcmp(argv[1], "idle") == 0 && argc == 6) return idle(atoi(argv[5]));
  fprintf(stderr, "load: %s: unknown, or not all of its arguments\n", argv[1]);
  return 2;
}
