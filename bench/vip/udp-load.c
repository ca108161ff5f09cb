// The UDP load of bench:vip: clients and the task that answers them, in one thread that never sleeps.
//   udp-load IP PORT TASK_PORT SECONDS CLIENTS WINDOW FRESH
// The task listens on IP and TASK_PORT; clients send to IP and PORT, or to PORT if it is an address and a port. CLIENTS sockets have WINDOW datagrams under way each;
// with FRESH 1 each socket is replaced after a reply, so that every datagram comes from a new port. A datagram is a DNS query,
// and the task makes it a reply by its QR bit. What is lost is sent again after 100 ms without any reply. The result is one
// JSON object: datagrams that came back and the time they took.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAX_CLIENTS = 4096, EVENTS = 256, SAMPLES = 1 << 22, ROOM = 2048, TURNS = 64 };

struct client {
  int fd;
  int open;       // datagrams under way
  uint64_t asked; // when the last was sent
};

static const unsigned char query[] = {0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 3, 'w', 'e', 'b', 4,
                                      's', 'h', 'o', 'p', 0, 0, 1, 0, 1};
static struct client clients[MAX_CLIENTS];
static uint32_t samples[SAMPLES];
static uint64_t answered, lost;
static uint16_t next_id;
static struct sockaddr_in vip;
static int epoll;

static uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void die(const char *what) {
  fprintf(stderr, "udp-load: %s: %s\n", what, strerror(errno));
  exit(1);
}

static int make_socket(void) {
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  int octets = 4 << 20;
  if (fd < 0) die("socket");
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &octets, sizeof octets);
  return fd;
}

static void watch(int fd, uint32_t tag) {
  struct epoll_event event = {.events = EPOLLIN, .data.u32 = tag};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0) die("epoll_ctl");
}

static void open_client(int at) {
  clients[at].fd = make_socket();
  clients[at].open = 0;
  if (connect(clients[at].fd, (struct sockaddr *)&vip, sizeof vip) < 0) die("connect");
  watch(clients[at].fd, at);
}

static void ask(struct client *client, int window) {
  unsigned char datagram[sizeof query];
  memcpy(datagram, query, sizeof query);
  client->asked = now_ns();
  for (; client->open < window; client->open++) {
    datagram[0] = next_id >> 8, datagram[1] = next_id & 255, next_id++;
    if (send(client->fd, datagram, sizeof datagram, 0) < 0) return;
  }
}

static void serve_task(int fd) {
  unsigned char datagram[ROOM];
  struct sockaddr_in from;
  for (int turn = 0; turn < TURNS; turn++) {
    socklen_t length = sizeof from;
    ssize_t got = recvfrom(fd, datagram, sizeof datagram, 0, (struct sockaddr *)&from, &length);
    if (got < 3) return;
    datagram[2] |= 0x80;
    sendto(fd, datagram, got, 0, (struct sockaddr *)&from, length);
  }
}

int main(int argc, char **argv) {
  if (argc != 8) return 2;
  int count = atoi(argv[5]), window = atoi(argv[6]), fresh = atoi(argv[7]);
  if (count < 1 || count >= MAX_CLIENTS) return 2;
  struct sockaddr_in task = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[3]))};
  inet_pton(AF_INET, argv[1], &task.sin_addr);
  vip = task;
  char *colon = strchr(argv[2], ':');
  if (colon) *colon = 0, inet_pton(AF_INET, argv[2], &vip.sin_addr);
  vip.sin_port = htons(atoi(colon ? colon + 1 : argv[2]));
  epoll = epoll_create1(0);
  int task_fd = make_socket();
  if (bind(task_fd, (struct sockaddr *)&task, sizeof task) < 0) die("bind");
  watch(task_fd, MAX_CLIENTS);
  uint64_t start = now_ns(), end = start + (uint64_t)(atof(argv[4]) * 1e9), heard = start, now = start;
  for (int at = 0; at < count; at++) open_client(at), ask(&clients[at], window);
  while (now < end) {
    struct epoll_event events[EVENTS];
    int ready = epoll_wait(epoll, events, EVENTS, 0);
    now = now_ns();
    for (int i = 0; i < ready; i++) {
      uint32_t at = events[i].data.u32;
      if (at == MAX_CLIENTS) {
        serve_task(task_fd);
        continue;
      }
      struct client *client = &clients[at];
      unsigned char datagram[ROOM];
      int got = 0;
      while (recv(client->fd, datagram, sizeof datagram, 0) > 0) got++;
      if (got == 0) continue;
      heard = now = now_ns();
      samples[answered % SAMPLES] = (uint32_t)(now - client->asked);
      answered += got;
      client->open = client->open > got ? client->open - got : 0;
      if (fresh) close(client->fd), open_client(at);
      ask(client, window);
    }
    if (now - heard < 100000000u) continue;
    for (int at = 0; at < count; at++) {
      lost += clients[at].open;
      close(clients[at].fd);
      open_client(at);
      ask(&clients[at], window);
    }
    heard = now;
  }
  uint64_t kept = answered < SAMPLES ? answered : SAMPLES;
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  printf("{\"answered\":%llu,\"lost\":%llu,\"seconds\":%.6f,\"cpu_s\":%.6f,\"roundTripNs\":[", (unsigned long long)answered,
         (unsigned long long)lost, (now - start) / 1e9,
         (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
             (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6);
  // A thousand of them are enough for a percentile.
  uint64_t step = kept / 1000 + 1;
  for (uint64_t i = 0; i < kept; i += step) printf("%s%u", i ? "," : "", samples[i]);
  printf("]}\n");
  return 0;
}
