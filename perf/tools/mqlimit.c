// The customer's own measuring tool, kept as it was given: change the scenarios in perf/run, not this file.
// mqlimit: the floor. The least work a user-space MQTT fan-out server could do: one epoll
// loop, no sessions, no wildcards except '#'/'+' = everything, no QoS state, no limits;
// parse, one hash look-up, copy into each subscriber's buffer, one send per touched
// subscriber per loop turn. Its CPU time per delivered message is the physical limit that
// the compass compares against. Not a broker: for mqload only.   mqlimit PORT
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
typedef struct Conn { int fd, v5, touched, want; uint16_t id; uint8_t *in, *out; uint32_t in_len, in_cap, out_len, out_pos, out_cap; struct Conn *next; } Conn;
typedef struct Sub { uint64_t h; Conn *c; struct Sub *next; } Sub;
static Sub *table[65536]; static Conn *all[1024]; static int nall, ep; static Conn *touched;
static uint64_t hash(const uint8_t *p, uint32_t n) { uint64_t h = 14695981039346656037ull; while (n--) { h ^= *p++; h *= 1099511628211ull; } return h; }
static uint8_t *room(Conn *c, uint32_t n) {
    if (c->out_len + n > c->out_cap) { if (c->out_pos) { memmove(c->out, c->out + c->out_pos, c->out_len - c->out_pos); c->out_len -= c->out_pos; c->out_pos = 0; } while (c->out_len + n > c->out_cap) c->out_cap = c->out_cap ? c->out_cap * 2 : 256; c->out = realloc(c->out, c->out_cap); }
    if (!c->touched) { c->touched = 1; c->next = touched; touched = c; }
    return c->out + c->out_len; }
static void put(Conn *c, const void *d, uint32_t n) { memcpy(room(c, n), d, n); c->out_len += n; }
static void flush(Conn *c) {
    while (c->out_pos < c->out_len) { ssize_t n = send(c->fd, c->out + c->out_pos, c->out_len - c->out_pos, MSG_NOSIGNAL | MSG_DONTWAIT); if (n <= 0) { if (!c->want) { c->want = 1; struct epoll_event e = { EPOLLIN | EPOLLOUT, { .ptr = c } }; epoll_ctl(ep, EPOLL_CTL_MOD, c->fd, &e); } return; } c->out_pos += n; }
    c->out_pos = c->out_len = 0; if (c->want) { c->want = 0; struct epoll_event e = { EPOLLIN, { .ptr = c } }; epoll_ctl(ep, EPOLL_CTL_MOD, c->fd, &e); } }
static void deliver(Conn *c, int q, const uint8_t *t, uint32_t tl, const uint8_t *pay, uint32_t pl) {
    uint32_t rl = 2 + tl + (q ? 2 : 0) + c->v5 + pl; uint8_t *o = room(c, rl + 5), *s = o; *o++ = 0x30 | q << 1; uint32_t v = rl; do { uint8_t b = v & 127; v >>= 7; *o++ = b | (v ? 128 : 0); } while (v);
    *o++ = tl >> 8; *o++ = tl; memcpy(o, t, tl); o += tl; if (q) { if (!++c->id) c->id = 1; *o++ = c->id >> 8; *o++ = c->id; } if (c->v5) *o++ = 0; memcpy(o, pay, pl); o += pl; c->out_len += o - s; }
static void packet(Conn *c, uint8_t h, uint8_t *b, uint32_t n) {
    switch (h >> 4) {
    case 1: c->v5 = b[6] == 5; put(c, c->v5 ? "\x20\x03\0\0\0" : "\x20\x02\0\0", c->v5 ? 5 : 4); break;
    case 8: { uint32_t o = 2 + c->v5, l = b[o] << 8 | b[o + 1]; uint8_t *f = b + o + 2; if (memchr(f, '#', l) || memchr(f, '+', l)) all[nall++] = c; else { Sub *s = malloc(sizeof *s); s->h = hash(f, l); s->c = c; s->next = table[s->h & 65535]; table[s->h & 65535] = s; }
        uint8_t a[] = { 0x90, 3 + c->v5, b[0], b[1], 0, 0 }; if (c->v5) a[5] = f[l]; else a[4] = f[l]; put(c, a, 5 + c->v5); break; }
    case 3: { int q = h >> 1 & 3; uint32_t tl = b[0] << 8 | b[1], o = 2 + tl; uint8_t i1 = 0, i2 = 0; if (q) { i1 = b[o++]; i2 = b[o++]; } if (c->v5) o += 1 + b[o];
        uint64_t k = hash(b + 2, tl); for (Sub *s = table[k & 65535]; s; s = s->next) if (s->h == k) deliver(s->c, q, b + 2, tl, b + o, n - o); for (int i = 0; i < nall; i++) deliver(all[i], q, b + 2, tl, b + o, n - o);
        if (q) { uint8_t a[] = { 0x40, 2, i1, i2 }; put(c, a, 4); } break; }
    case 12: put(c, "\xD0\0", 2); break; } }
static void gone(Conn *c) { for (int i = 0; i < 65536; i++) for (Sub **s = &table[i]; *s;) if ((*s)->c == c) *s = (*s)->next; else s = &(*s)->next; for (int i = 0; i < nall; i++) if (all[i] == c) all[i--] = all[--nall]; close(c->fd); c->fd = -1; }
int main(int argc, char **argv) {
    struct rlimit rl; getrlimit(RLIMIT_NOFILE, &rl); rl.rlim_cur = rl.rlim_max; setrlimit(RLIMIT_NOFILE, &rl);
    int one = 1, ls = socket(AF_INET, SOCK_STREAM, 0); setsockopt(ls, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(atoi(argv[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) }; if (bind(ls, (void *)&a, sizeof a) || listen(ls, 4096)) return 1;
    ep = epoll_create1(0); struct epoll_event e = { EPOLLIN, { .ptr = 0 } }, ev[256]; epoll_ctl(ep, EPOLL_CTL_ADD, ls, &e); static uint8_t buf[1 << 17];
    for (;;) { int n = epoll_wait(ep, ev, 256, -1);
        for (int i = 0; i < n; i++) { Conn *c = ev[i].data.ptr;
            if (!c) { int fd = accept4(ls, 0, 0, SOCK_NONBLOCK); if (fd < 0) continue; setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one); c = calloc(1, sizeof *c); c->fd = fd; e.data.ptr = c; e.events = EPOLLIN; epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e); continue; }
            if (c->fd < 0) continue;
            if (ev[i].events & EPOLLOUT) flush(c);
            if (!(ev[i].events & ~EPOLLOUT)) continue;
            memcpy(buf, c->in, c->in_len); ssize_t r = recv(c->fd, buf + c->in_len, sizeof buf - c->in_len, 0); if (r <= 0) { gone(c); continue; }
            uint32_t len = c->in_len + r, p = 0; while (len - p >= 2) { uint32_t q = p + 1, x = 0, s = 0; int ok = 0; while (q < len) { uint8_t y = buf[q++]; x |= (y & 127u) << s; s += 7; if (!(y & 128)) { ok = 1; break; } } if (!ok || len - q < x) break; packet(c, buf[p], buf + q, x); p = q + x; }
            c->in_len = len - p; if (c->in_len > c->in_cap) { c->in_cap = c->in_len; c->in = realloc(c->in, c->in_cap); } if (c->in_len) memcpy(c->in, buf + p, c->in_len); }
        while (touched) { Conn *c = touched; touched = c->next; c->touched = 0; if (c->fd >= 0 && !c->want) flush(c); } } }
