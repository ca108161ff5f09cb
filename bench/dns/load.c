/*
 * Asks a name server over UDP, from one thread, and tells what came back as one line of JSON.
 *
 *   load ADDRESS PORT QUERIES SOURCE SOURCES window WINDOW SECONDS
 *   load ADDRESS PORT QUERIES SOURCE SOURCES rate   PER_SECOND SECONDS
 *   load ADDRESS PORT QUERIES SOURCE SOURCES once   WINDOW SECONDS
 *
 * QUERIES is a file of messages, each with its length in front (16 bits, big-endian), played round robin. They leave from
 * SOURCES addresses that begin with SOURCE (127.64.0.1), in turn; one socket has them all (IP_PKTINFO).
 *
 * window: so many queries are out at any time. Between two looks the thread sleeps for 50 us, so that the server is never
 * made to wake a sleeping client, and replies are fetched in batches: a server that answers fast pays for nothing but that.
 * rate: queries leave at random moments (Poisson), so many a second, whatever comes back. The time of a query is from just
 * before it is sent to when the kernel queued the reply, so this program's own pace is not part of it. What fell due while
 * something else of the machine had this program's core is not sent at once afterwards, as no crowd of clients would: it is
 * left out, and told (skipped).
 * once: each query once, repeated until it was answered: to fill caches.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

enum { BATCH = 64, IDS = 65536, REPLY = 4096, HEADER = 12 };

/* A reply that takes longer counts as lost. */
static const int64_t PATIENCE = 1000000000;
static const int64_t LOOK_EVERY = 20000;
/* A full batch is sent and received in less. */
static const int64_t HELD_UP = 100000;

struct query {
  unsigned char *data;
  size_t octets;
};

static struct query *queries;
static size_t query_count;
static uint32_t first_source, sources;
static struct sockaddr_in server = {.sin_family = AF_INET};
static int fd;

/* By message ID. */
static int64_t sent_at[IDS];
static uint32_t query_of[IDS];

/* Serial numbers: the low 16 bits are the message ID. */
static uint64_t sent, oldest;
static uint64_t answered, lost, stray, truncated, skipped, octets_in, records_in, rcodes[16];
static size_t next_query;
static uint32_t outstanding;

static uint32_t *times;
static size_t time_count, time_room;

static void fail(const char *what) {
  fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
  exit(1);
}

static int64_t now(void) {
  struct timespec at;
  clock_gettime(CLOCK_REALTIME, &at);
  return at.tv_sec * (int64_t)1000000000 + at.tv_nsec;
}

static void read_queries(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file) fail(path);
  size_t room = 0;
  unsigned char length[2];
  while (fread(length, 2, 1, file) == 1) {
    if (query_count == room) {
      room = room ? room * 2 : 1024;
      queries = realloc(queries, room * sizeof *queries);
      if (!queries) fail("memory");
    }
    struct query *query = &queries[query_count++];
    query->octets = (size_t)(length[0] << 8 | length[1]);
    query->data = malloc(query->octets);
    if (!query->data || fread(query->data, 1, query->octets, file) != query->octets) fail(path);
  }
  fclose(file);
  if (query_count == 0) {
    fprintf(stderr, "load: %s: no queries\n", path);
    exit(1);
  }
}

static void open_socket(const char *address, const char *port, int stamps) {
  server.sin_port = htons((uint16_t)atoi(port));
  if (inet_pton(AF_INET, address, &server.sin_addr) != 1) fail(address);
  fd = socket(AF_INET, SOCK_DGRAM, 0);
  if (fd < 0) fail("socket");
  int buffer = 4 << 20, on = 1;
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
  if (stamps && setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) < 0) fail("SO_TIMESTAMPNS");
  struct sockaddr_in own = {.sin_family = AF_INET};
  if (sources == 1) own.sin_addr.s_addr = htonl(first_source);
  if (bind(fd, (struct sockaddr *)&own, sizeof own) < 0) fail("bind");
  /* A connected socket spares the kernel the search for a route. */
  if (sources == 1 && connect(fd, (struct sockaddr *)&server, sizeof server) < 0) fail("connect");
}

union control {
  char room[CMSG_SPACE(sizeof(struct in_pktinfo))];
  struct cmsghdr align;
};

/* Sends up to BATCH queries; those that the kernel does not take are not counted. */
static void send_batch(const size_t *which, unsigned count) {
  static struct mmsghdr messages[BATCH];
  static struct iovec parts[BATCH];
  static union control controls[BATCH];
  static int prepared;
  if (!prepared) {
    prepared = 1;
    for (int i = 0; i < BATCH; i++) {
      struct msghdr *header = &messages[i].msg_hdr;
      *header = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
      if (sources == 1) continue;
      header->msg_name = &server;
      header->msg_namelen = sizeof server;
      header->msg_control = &controls[i];
      header->msg_controllen = sizeof controls[i];
      struct cmsghdr *control = CMSG_FIRSTHDR(header);
      *control = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(struct in_pktinfo)), .cmsg_level = IPPROTO_IP, .cmsg_type = IP_PKTINFO};
    }
  }
  int64_t at = now();
  for (unsigned i = 0; i < count; i++) {
    uint16_t id = (uint16_t)(sent + i);
    struct query *query = &queries[which[i]];
    query->data[0] = (unsigned char)(id >> 8);
    query->data[1] = (unsigned char)id;
    parts[i] = (struct iovec){query->data, query->octets};
    sent_at[id] = at;
    query_of[id] = (uint32_t)which[i];
    if (sources == 1) continue;
    struct in_pktinfo info = {0};
    info.ipi_spec_dst.s_addr = htonl(first_source + (uint32_t)(which[i] % sources));
    memcpy(CMSG_DATA(CMSG_FIRSTHDR(&messages[i].msg_hdr)), &info, sizeof info);
  }
  int done = sendmmsg(fd, messages, count, 0);
  if (done < 0) {
    /* ECONNREFUSED tells of an earlier datagram: nobody listens. */
    if (errno != EINTR && errno != EAGAIN && errno != ENOBUFS && errno != ECONNREFUSED) fail("sendmmsg");
    done = 0;
  }
  for (unsigned i = (unsigned)done; i < count; i++) sent_at[(uint16_t)(sent + i)] = 0;
  sent += (uint64_t)done;
  outstanding += (uint32_t)done;
}

/* The whole ring is in use only when 65,536 queries are out: then the oldest are given up. */
static void give_up_old(int64_t at) {
  for (; oldest < sent; oldest++) {
    uint16_t id = (uint16_t)oldest;
    if (sent_at[id] == 0) continue;
    if (at - sent_at[id] < PATIENCE && sent - oldest < IDS - 2 * BATCH) return;
    sent_at[id] = 0;
    outstanding--;
    lost++;
  }
}

static void note_time(int64_t nanoseconds) {
  if (time_count < time_room) times[time_count++] = nanoseconds < 0 ? 0 : (uint32_t)(nanoseconds > UINT32_MAX ? UINT32_MAX : nanoseconds);
}

static int64_t stamp_of(struct msghdr *header) {
  for (struct cmsghdr *each = CMSG_FIRSTHDR(header); each; each = CMSG_NXTHDR(header, each)) {
    if (each->cmsg_level != SOL_SOCKET || each->cmsg_type != SCM_TIMESTAMPNS) continue;
    struct timespec at;
    memcpy(&at, CMSG_DATA(each), sizeof at);
    return at.tv_sec * (int64_t)1000000000 + at.tv_nsec;
  }
  return 0;
}

/* Takes all replies that are there. `done` is told each query that was answered without an error. */
static void receive_all(int stamps, unsigned char *done) {
  static unsigned char replies[BATCH][REPLY];
  static char controls[BATCH][64];
  static struct iovec parts[BATCH];
  static struct mmsghdr messages[BATCH];
  for (int count = BATCH; count == BATCH;) {
    for (int i = 0; i < BATCH; i++) {
      parts[i] = (struct iovec){replies[i], REPLY};
      messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
      if (!stamps) continue;
      messages[i].msg_hdr.msg_control = controls[i];
      messages[i].msg_hdr.msg_controllen = sizeof controls[i];
    }
    count = recvmmsg(fd, messages, BATCH, MSG_DONTWAIT, NULL);
    for (int i = 0; i < count; i++) {
      const unsigned char *reply = replies[i];
      uint16_t id = (uint16_t)(reply[0] << 8 | reply[1]);
      if (messages[i].msg_len < HEADER || !(reply[2] & 0x80) || sent_at[id] == 0) {
        stray++;
        continue;
      }
      if (stamps) note_time(stamp_of(&messages[i].msg_hdr) - sent_at[id]);
      sent_at[id] = 0;
      outstanding--;
      answered++;
      octets_in += messages[i].msg_len;
      records_in += (unsigned)(reply[6] << 8 | reply[7]);
      rcodes[reply[3] & 15]++;
      if (reply[2] & 0x02) truncated++;
      if (done && (reply[3] & 15) == 0) done[query_of[id]] = 1;
    }
  }
}

/* Leaves the core's other half, if it has one, to the server. */
static void relax(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

static void nap(int64_t nanoseconds) {
  struct timespec time = {.tv_nsec = nanoseconds};
  nanosleep(&time, NULL);
}

static void send_more(uint32_t room) {
  size_t which[BATCH];
  while (room > 0) {
    unsigned count = room < BATCH ? room : BATCH;
    /* A message has one buffer, and its ID is in it. */
    if (count > query_count) count = (unsigned)query_count;
    for (unsigned i = 0; i < count; i++) which[i] = (next_query + i) % query_count;
    uint64_t before = sent;
    send_batch(which, count);
    unsigned gone = (unsigned)(sent - before);
    next_query = (next_query + gone) % query_count;
    if (gone < count) return;
    room -= count;
  }
}

static void run_window(uint32_t window, int64_t until) {
  for (int64_t at = now(); at < until; at = now()) {
    send_more(window - outstanding);
    nap(50000);
    receive_all(0, NULL);
    give_up_old(at);
  }
}

static int run_once(uint32_t window, int64_t until) {
  unsigned char *done = calloc(query_count, 1);
  if (!done) fail("memory");
  size_t left = 1;
  while (left > 0 && now() < until) {
    left = 0;
    for (size_t query = 0; query < query_count && now() < until; query++) {
      if (done[query]) continue;
      left++;
      while (outstanding >= window) {
        nap(50000);
        receive_all(0, done);
        give_up_old(now());
      }
      send_batch(&query, 1);
    }
    for (int64_t end = now() + PATIENCE; outstanding > 0 && now() < end;) {
      nap(50000);
      receive_all(0, done);
    }
  }
  free(done);
  return left == 0;
}

static double uniform(void) {
  static uint64_t state = 0x9e3779b97f4a7c15;
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (double)((state >> 11) + 1) / 9007199254740993.0;
}

static void run_rate(double rate, int64_t until) {
  int64_t looked = 0, before = now();
  double due = (double)before;
  for (int64_t at = before; at < until; at = now()) {
    int held_up = at - before > HELD_UP;
    before = at;
    uint32_t count = 0;
    for (; due <= (double)at && (held_up || count < BATCH); count++) due += -log(uniform()) * 1e9 / rate;
    if (held_up) {
      skipped += count;
      count = 0;
    }
    if (count > 0) send_more(count);
    if (at - looked < LOOK_EVERY) {
      relax();
      continue;
    }
    looked = at;
    receive_all(1, NULL);
    give_up_old(at);
  }
}

static int by_value(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return x < y ? -1 : x > y;
}

static double percentile(double percent) {
  size_t rank = (size_t)ceil(percent / 100 * (double)time_count);
  return times[rank > 0 ? rank - 1 : 0] / 1000.0;
}

static double cpu_seconds(void) {
  struct rusage use;
  getrusage(RUSAGE_SELF, &use);
  return (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) + (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6;
}

static void print(uint64_t in_time, double seconds, double cpu) {
  double each = answered ? (double)answered : 1;
  printf("{\"sent\":%llu,\"answered\":%llu,\"lost\":%llu,\"stray\":%llu,\"truncated\":%llu,\"skipped\":%llu",
         (unsigned long long)sent, (unsigned long long)answered, (unsigned long long)lost, (unsigned long long)stray,
         (unsigned long long)truncated, (unsigned long long)skipped);
  printf(",\"seconds\":%.4f,\"qps\":%.0f,\"records\":%.4f,\"octets\":%.2f,\"busy\":%.3f", seconds,
         (double)in_time / seconds, (double)records_in / each, (double)octets_in / each, cpu / seconds);
  if (time_count > 0) {
    qsort(times, time_count, sizeof *times, by_value);
    printf(",\"p50_us\":%.1f,\"p99_us\":%.1f", percentile(50), percentile(99));
  }
  printf(",\"rcodes\":{");
  const char *comma = "";
  for (int i = 0; i < 16; i++) {
    if (rcodes[i] == 0) continue;
    printf("%s\"%d\":%llu", comma, i, (unsigned long long)rcodes[i]);
    comma = ",";
  }
  printf("}}\n");
}

int main(int argc, char **argv) {
  if (argc != 9) {
    fprintf(stderr, "usage: load ADDRESS PORT QUERIES SOURCE SOURCES window|rate|once NUMBER SECONDS\n");
    return 2;
  }
  const char *mode = argv[6];
  double number = atof(argv[7]), seconds = atof(argv[8]);
  struct in_addr source;
  if (inet_pton(AF_INET, argv[4], &source) != 1) fail(argv[4]);
  first_source = ntohl(source.s_addr);
  sources = (uint32_t)atoi(argv[5]);
  if (sources < 1 || number < 1) {
    fprintf(stderr, "load: SOURCES and NUMBER are 1 at least\n");
    return 2;
  }
  int stamps = strcmp(mode, "rate") == 0;
  read_queries(argv[3]);
  open_socket(argv[1], argv[2], stamps);
  prctl(PR_SET_TIMERSLACK, 1);
  if (stamps) {
    time_room = (size_t)(number * seconds * 1.2) + 1000;
    times = malloc(time_room * sizeof *times);
    if (!times) fail("memory");
    memset(times, 0, time_room * sizeof *times);
  }
  double cpu = cpu_seconds();
  int64_t began = now();
  int64_t until = began + (int64_t)(seconds * 1e9);
  int complete = 1;
  if (stamps) run_rate(number, until);
  else if (strcmp(mode, "once") == 0) complete = run_once((uint32_t)number, until);
  else run_window((uint32_t)(number > 1024 ? 1024 : number), until);
  double took = (double)(now() - began) / 1e9;
  cpu = cpu_seconds() - cpu;
  uint64_t in_time = answered;
  /* What is still out gets its time, and counts as answered: the server spent on it what it spent on the others. It is
     not part of the queries a second. */
  for (int64_t end = now() + PATIENCE / 2; outstanding > 0 && now() < end;) {
    nap(1000000);
    receive_all(stamps, NULL);
  }
  lost += outstanding;
  print(in_time, took, cpu);
  return complete ? 0 : 1;
}
