/*
 * The least that a UDP name server can do: one thread, recvmmsg, turn each query into a reply in place, sendmmsg.
 * No names, no records, no checks: what it costs is what the kernel takes for two datagrams, and nothing can be below it.
 *
 *   floor ADDRESS PORT TAILS
 *
 * TAILS is a file with what follows the question in a reply, for each query type, all numbers big-endian:
 * type, flags, answers, additional records, octets (16 bits each), then the octets.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { BATCH = 64, PACKET = 2048, HEADER = 12, OPT = 11 };

struct tail {
  uint16_t flags, answers, additional, octets;
  unsigned char *data;
};

/* Types above 255 are not asked for. */
static struct tail tails[256];
static unsigned char packets[BATCH][PACKET];
static const unsigned char opt[OPT] = {0, 0, 41, 1232 >> 8, 1232 & 255, 0, 0, 0, 0, 0, 0};

static uint16_t get16(const unsigned char *at) { return (uint16_t)(at[0] << 8 | at[1]); }
static void put16(unsigned char *at, uint16_t value) {
  at[0] = (unsigned char)(value >> 8);
  at[1] = (unsigned char)value;
}

static void fail(const char *what) {
  fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
  exit(1);
}

static void read_tails(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file) fail(path);
  unsigned char head[10];
  while (fread(head, sizeof head, 1, file) == 1) {
    struct tail *tail = &tails[head[1]];
    tail->flags = get16(head + 2);
    tail->answers = get16(head + 4);
    tail->additional = get16(head + 6);
    tail->octets = get16(head + 8);
    tail->data = malloc(tail->octets);
    if (!tail->data || fread(tail->data, 1, tail->octets, file) != tail->octets) fail(path);
  }
  fclose(file);
}

/* @returns the octets of the reply; 0: none */
static size_t reply(unsigned char *packet, size_t octets) {
  size_t end = HEADER;
  while (end < octets && packet[end] != 0) end += packet[end] + 1u;
  end += 5;
  if (end > octets) return 0;
  const struct tail *tail = &tails[packet[end - 3]];
  if (!tail->data || end + tail->octets + OPT > PACKET) return 0;
  int with_opt = packet[11] != 0;
  put16(packet + 2, tail->flags | (get16(packet + 2) & 0x0100));
  put16(packet + 6, tail->answers);
  put16(packet + 8, 0);
  put16(packet + 10, (uint16_t)(tail->additional + with_opt));
  memcpy(packet + end, tail->data, tail->octets);
  end += tail->octets;
  if (with_opt) {
    memcpy(packet + end, opt, OPT);
    end += OPT;
  }
  return end;
}

int main(int argc, char **argv) {
  if (argc != 4) {
    fprintf(stderr, "usage: floor ADDRESS PORT TAILS\n");
    return 2;
  }
  read_tails(argv[3]);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[2]))};
  if (inet_pton(AF_INET, argv[1], &address.sin_addr) != 1) fail(argv[1]);
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  if (fd < 0) fail("socket");
  if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0) fail("bind");

  static struct sockaddr_in peers[BATCH];
  static struct iovec in[BATCH], out[BATCH];
  static struct mmsghdr received[BATCH], replies[BATCH];
  for (int i = 0; i < BATCH; i++) {
    in[i] = (struct iovec){packets[i], PACKET};
    received[i].msg_hdr = (struct msghdr){.msg_name = &peers[i], .msg_iov = &in[i], .msg_iovlen = 1};
  }
  for (;;) {
    for (int i = 0; i < BATCH; i++) received[i].msg_hdr.msg_namelen = sizeof peers[i];
    int count = recvmmsg(fd, received, BATCH, MSG_WAITFORONE, NULL);
    if (count < 0) {
      if (errno == EINTR) continue;
      fail("recvmmsg");
    }
    int ready = 0;
    for (int i = 0; i < count; i++) {
      size_t octets = reply(packets[i], received[i].msg_len);
      if (octets == 0) continue;
      out[ready] = (struct iovec){packets[i], octets};
      replies[ready].msg_hdr = (struct msghdr){
          .msg_name = &peers[i], .msg_namelen = sizeof peers[i], .msg_iov = &out[ready], .msg_iovlen = 1};
      ready++;
    }
    for (int sent = 0; sent < ready;) {
      int done = sendmmsg(fd, replies + sent, (unsigned)(ready - sent), 0);
      if (done < 0 && errno != EINTR && errno != ECONNREFUSED) fail("sendmmsg");
      if (done > 0) sent += done;
    }
  }
}
