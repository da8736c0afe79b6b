// The customer's own measuring tool. Added here: the modes subs, start and away, durable sessions, batches in rate mode, the processor time of
// idle connections, how late the generator itself was; what was there measures as it did.
// mqload: a single-threaded epoll load generator for any MQTT 3.1.1 / 5 broker.
// It owns publishers and subscribers in one process, so it can bound the messages
// under way exactly (lossless throughput), stamp latency with one clock, and read the
// broker's own CPU time and memory from /proc. One JSON line is the result.
//
//   mqload [options]
//     -h HOST  -p PORT  -P pubs  -S subs  -m pair|fanout|fanin|wild|idle|churn|subs|start|away
//     -q qos  -s payload bytes  -w window (messages under way per publisher)
//     -r total publish rate per second (0: as fast as the window allows)
//     -d seconds  -W warm-up seconds  -v 4|5  -B broker pid  -T topics  -L label
//     -u user -x password  -D (subscribers have sessions that outlive their connections)
//   pair:   publisher i -> t/i -> subscriber i
//   fanout: every publisher -> t/0, every subscriber on t/0
//   fanin:  publisher i -> t/i, every subscriber on t/# (use 1)
//   wild:   publisher i cycles over T topics dev/<k>/temp, subscriber j on dev/+/temp
//           (every subscriber receives everything)
//   idle:   P connections, connect only, then idle for d seconds (memory a connection)
//   churn:  connect, CONNACK, DISCONNECT, over and over on P sockets (connections/s); W seconds of it are not counted
//   subs:   P connections that subscribe to T filters each, then stay for d seconds (memory a subscription); a line "ready" comes before
//   start:  runs the command after --, and times it until it accepts a connection on the port (resident memory d seconds later)
//   away:   publisher i -> t/(i mod S), whose subscriber has a durable session and has left; -q 1 or 2. Latencies are from the publish to
//           its acknowledgement, and what counts as received is what was acknowledged
//
//   With -r, what became due since the last turn goes out in one send for each publisher. behind_us is the most that the generator
//   was late with it, pause_us the longest time in which it did not look at its sockets: no latency beyond that is the broker's doing.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PUB, SUB, IDLE };
enum { ST_CONNECTING, ST_CONNACK, ST_SUBACK, ST_READY, ST_CLOSED };

typedef struct {
    int fd, role, index, state, want_write;
    uint32_t inflight;      // QoS>0: not yet acknowledged by the broker
    uint32_t quota;         // most of them at once: the broker's Receive Maximum (v5), else no limit
    uint64_t sent;          // PUBLISH packets sent
    uint16_t next_id;
    uint32_t topic_cursor;
    uint64_t *sent_at;      // mode away: when each packet id was sent
    uint8_t *in; uint32_t in_len, in_cap;
    uint8_t *out; uint32_t out_len, out_pos, out_cap;
} Conn;

static const char *host = "127.0.0.1", *mode = "pair", *label = "", *user, *pass;
static int port = 1883, npub = 1, nsub = 1, qos, size = 64, window = 256, secs = 5, warm = 1, version = 4, topics = 1000;
static double rate; static int broker_pid;
static int ep; static Conn *conns; static int nconn, nready;
static uint64_t total_sent, total_recv, total_acked, fan, measured_sent, measured_recv, closed_early, connect_refused;
static int measuring, many, away, durable; static uint64_t last_look, longest_pause, most_behind;
static uint8_t *payload;

static uint64_t now_ns(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec * 1000000000ull + t.tv_nsec; }
static void die(const char *f, ...) { va_list a; va_start(a, f); vfprintf(stderr, f, a); va_end(a); fputc('\n', stderr); exit(2); }

// log-linear histogram: 64 sub-buckets a power of two, values in ns
static uint64_t hist[64 * 64], hist_n, hist_max;
static void hist_add(uint64_t v) {
    if (v > hist_max) hist_max = v;
    int e = v < 64 ? 0 : 64 - __builtin_clzll(v) - 6;
    int idx = e * 64 + (int)(v >> e);
    if (idx < 0) idx = 0;
    if (idx >= 64 * 64) idx = 64 * 64 - 1;
    hist[idx]++; hist_n++;
}
static double hist_pct(double p) {
    uint64_t want = (uint64_t)(hist_n * p), c = 0;
    for (int i = 0; i < 64 * 64; i++) { c += hist[i]; if (c > want) { int e = i / 64; return (double)((uint64_t)(i % 64) << e) / 1000.0; } }
    return hist_max / 1000.0;
}

static void broker_usage(double *cpu, double *rss_mb) {
    *cpu = *rss_mb = 0; if (!broker_pid) return;
    char path[64], buf[1024]; snprintf(path, sizeof path, "/proc/%d/stat", broker_pid);
    FILE *f = fopen(path, "r"); if (!f) return;
    size_t n = fread(buf, 1, sizeof buf - 1, f); buf[n] = 0; fclose(f);
    char *p = strrchr(buf, ')'); if (!p) return;
    unsigned long ut, st; long rss; char s;
    if (sscanf(p + 2, "%c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %*d %*d %*d %*d %*d %*d %*u %*u %ld", &s, &ut, &st, &rss) == 4) {
        *rss_mb = rss * (double)sysconf(_SC_PAGESIZE) / 1e6;
    }
    // schedstat-quality CPU time: the sum of the tasks' run time in ns where it can be had; read here, because starting a process for it
    // would stop the generator for milliseconds
    snprintf(path, sizeof path, "/proc/%d/task", broker_pid);
    unsigned long long run, sum = 0; DIR *d = opendir(path); struct dirent *t;
    while (d && (t = readdir(d))) {
        char file[340]; if (t->d_name[0] == '.') continue;
        snprintf(file, sizeof file, "%s/%s/schedstat", path, t->d_name);
        if ((f = fopen(file, "r"))) { if (fscanf(f, "%llu", &run) == 1) sum += run; fclose(f); }
    }
    if (d) closedir(d);
    double tick = (ut + st) / (double)sysconf(_SC_CLK_TCK);
    *cpu = sum ? sum / 1e9 : tick;
    // threads that ended take their run time with them: never report less than the ticks
    if (tick > *cpu) *cpu = tick;
}

static void out_reserve(Conn *c, uint32_t n) {
    if (c->out_pos && c->out_pos == c->out_len) c->out_pos = c->out_len = 0;
    if (c->out_len + n > c->out_cap) {
        if (c->out_pos) { memmove(c->out, c->out + c->out_pos, c->out_len - c->out_pos); c->out_len -= c->out_pos; c->out_pos = 0; }
        while (c->out_len + n > c->out_cap) c->out_cap = c->out_cap ? c->out_cap * 2 : 512;
        c->out = realloc(c->out, c->out_cap);
    }
}
static void put(Conn *c, const void *d, uint32_t n) { out_reserve(c, n); memcpy(c->out + c->out_len, d, n); c->out_len += n; }
static void put8(Conn *c, uint8_t v) { put(c, &v, 1); }
static void put16(Conn *c, uint16_t v) { uint8_t b[2] = { v >> 8, v }; put(c, b, 2); }
static void putlen(Conn *c, uint32_t v) { do { uint8_t b = v & 127; v >>= 7; if (v) b |= 128; put8(c, b); } while (v); }
static void putstr(Conn *c, const char *s) { put16(c, strlen(s)); put(c, s, strlen(s)); }

static void want_write(Conn *c, int on) {
    if (c->want_write == on) return;
    c->want_write = on;
    struct epoll_event e = { .events = EPOLLIN | (on ? EPOLLOUT : 0), .data.ptr = c };
    epoll_ctl(ep, EPOLL_CTL_MOD, c->fd, &e);
}
static void close_conn(Conn *c) { if (c->state == ST_CLOSED) return; if (c->state == ST_READY) nready--; c->state = ST_CLOSED; close(c->fd); closed_early++; }
static void flush(Conn *c) {
    while (c->out_pos < c->out_len) {
        ssize_t n = send(c->fd, c->out + c->out_pos, c->out_len - c->out_pos, MSG_NOSIGNAL);
        if (n > 0) { c->out_pos += n; continue; }
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) { want_write(c, 1); return; }
        close_conn(c); return;
    }
    c->out_pos = c->out_len = 0; want_write(c, 0);
}

static void send_connect(Conn *c) {
    char id[64]; snprintf(id, sizeof id, "mql-%d-%c%d", getpid(), c->role == PUB ? 'p' : c->role == SUB ? 's' : 'i', c->index);
    int keeps = durable && c->role == SUB;
    uint32_t len = 10 + 2 + strlen(id) + (version == 5 ? 4 + (keeps ? 5 : 0) : 0) + (user ? 2 + strlen(user) : 0) + (pass ? 2 + strlen(pass) : 0);
    put8(c, 0x10); putlen(c, len); putstr(c, "MQTT"); put8(c, version); put8(c, (keeps ? 0 : 2) | (user ? 0x80 : 0) | (pass ? 0x40 : 0)); put16(c, 600);
    if (version == 5) { put8(c, keeps ? 8 : 3); put8(c, 0x21); put16(c, 65535); } // receive maximum
    if (version == 5 && keeps) { put8(c, 0x11); put16(c, 65535); put16(c, 65535); } // session expiry: never
    putstr(c, id); if (user) putstr(c, user); if (pass) putstr(c, pass);
    flush(c);
}
// mode subs: the next filters, as many as fit one packet of 100; device k of site P, every tenth with a wildcard
static void send_subscriptions(Conn *c) {
    char f[64]; uint32_t from = c->topic_cursor, n = (uint32_t)topics - from < 100 ? topics - from : 100, len = 2 + (version == 5);
    for (int pass = 0; pass < 2; pass++) {
        if (pass) { put8(c, 0x82); putlen(c, len); put16(c, 1); if (version == 5) put8(c, 0); }
        for (uint32_t k = from; k < from + n; k++) {
            snprintf(f, sizeof f, k % 10 ? "site/%d/dev/%u/temp" : "site/%d/dev/%u/+", c->index, k);
            if (pass) { putstr(c, f); put8(c, qos); } else len += 2 + strlen(f) + 1;
        }
    }
    c->topic_cursor += n; c->state = ST_SUBACK; flush(c);
}
static void send_subscribe(Conn *c) {
    char f[64];
    if (!strcmp(mode, "fanout")) strcpy(f, "t/0"); else if (!strcmp(mode, "fanin")) strcpy(f, "t/#");
    else if (!strcmp(mode, "wild")) strcpy(f, "dev/+/temp"); else snprintf(f, sizeof f, "t/%d", c->index);
    put8(c, 0x82); putlen(c, 2 + (version == 5) + 2 + strlen(f) + 1); put16(c, 1); if (version == 5) put8(c, 0); putstr(c, f); put8(c, qos);
    c->state = ST_SUBACK; flush(c);
}
static void queue_publish(Conn *c) {
    char t[64]; int n;
    if (!strcmp(mode, "fanout")) n = sprintf(t, "t/0");
    else if (!strcmp(mode, "wild")) { n = sprintf(t, "dev/%u/temp", c->topic_cursor); c->topic_cursor = (c->topic_cursor + 1) % topics; }
    else n = sprintf(t, "t/%d", away ? c->index % nsub : c->index);
    uint32_t rl = 2 + n + (qos ? 2 : 0) + (version == 5) + size;
    out_reserve(c, rl + 8);
    put8(c, 0x30 | qos << 1); putlen(c, rl); put16(c, n); put(c, t, n);
    if (qos) { if (!++c->next_id) c->next_id = 1; put16(c, c->next_id); }
    if (version == 5) put8(c, 0);
    uint64_t ts = now_ns(); memcpy(payload, &ts, 8); put(c, payload, size);
    if (away) c->sent_at[c->next_id] = ts;
    c->sent++; total_sent++; if (measuring) measured_sent++; if (qos) c->inflight++;
}
static void set_ready(Conn *c) { c->state = ST_READY; nready++; }
// the broker's Receive Maximum, property 0x21 of a v5 CONNACK; 65535 where it is absent
static uint32_t receive_maximum(const uint8_t *b, uint32_t n) {
    uint32_t p = 2, len = 0, s = 0; uint8_t x;
    if (version != 5 || n < 3) return version == 5 ? 65535 : 1u << 30;
    do { x = b[p++]; len |= (x & 127u) << s; s += 7; } while (x & 128 && p < n);
    for (uint32_t end = p + len < n ? p + len : n; p < end;) {
        switch (b[p++]) {
        case 0x21: return b[p] << 8 | b[p + 1];
        case 0x11: case 0x27: p += 4; break;
        case 0x22: case 0x13: p += 2; break;
        case 0x24: case 0x25: case 0x28: case 0x29: case 0x2A: p += 1; break;
        case 0x26: p += 2 + (b[p] << 8 | b[p + 1]); p += 2 + (b[p] << 8 | b[p + 1]); break;
        default: p += 2 + (b[p] << 8 | b[p + 1]); } // strings and binary data
    }
    return 65535;
}

static void on_packet(Conn *c, uint8_t h, uint8_t *b, uint32_t n) {
    switch (h >> 4) {
    case 2: if (b[1]) { connect_refused++; close_conn(c); return; } c->quota = receive_maximum(b, n); if (c->role == SUB) send_subscribe(c); else if (many) send_subscriptions(c); else set_ready(c); break;
    case 9: if (many && c->topic_cursor < (uint32_t)topics) send_subscriptions(c); else set_ready(c); break;
    case 3: {
        int q = h >> 1 & 3; uint32_t tl = b[0] << 8 | b[1], p = 2 + tl; uint16_t id = 0;
        if (q) { id = b[p] << 8 | b[p + 1]; p += 2; }
        if (version == 5) { uint32_t pl = 0, s = 0; uint8_t x; do { x = b[p++]; pl |= (x & 127u) << s; s += 7; } while (x & 128); p += pl; }
        uint64_t ts; memcpy(&ts, b + p, 8);
        total_recv++; if (measuring) { measured_recv++; hist_add(now_ns() - ts); }
        if (q == 1) { put8(c, 0x40); put8(c, 2); put16(c, id); } else if (q == 2) { put8(c, 0x50); put8(c, 2); put16(c, id); }
        (void)n; break; }
    case 4: case 7:
        c->inflight--; total_acked++;
        if (away) { total_recv++; if (measuring) { measured_recv++; hist_add(now_ns() - c->sent_at[b[0] << 8 | b[1]]); } }
        break;
    case 5: put8(c, 0x62); put8(c, 2); put(c, b, 2); break;
    case 6: put8(c, 0x70); put8(c, 2); put(c, b, 2); break;
    case 13: break;
    case 14: close_conn(c); break;
    default: die("unexpected packet %02x", h);
    }
}
static void on_readable(Conn *c) {
    for (;;) {
        if (c->in_cap - c->in_len < 4096) { c->in_cap = c->in_cap ? c->in_cap * 2 : (c->role == SUB ? 65536 : 4096); c->in = realloc(c->in, c->in_cap); }
        uint32_t room = c->in_cap - c->in_len;
        ssize_t n = recv(c->fd, c->in + c->in_len, room, 0);
        if (n == 0) { close_conn(c); return; }
        if (n < 0) { if (errno == EAGAIN) break; close_conn(c); return; }
        c->in_len += n;
        uint32_t p = 0;
        while (c->in_len - p >= 2) {
            uint32_t q = p + 1, rl = 0, s = 0; int ok = 0;
            while (q < c->in_len) { uint8_t x = c->in[q++]; rl |= (x & 127u) << s; s += 7; if (!(x & 128)) { ok = 1; break; } }
            if (!ok || c->in_len - q < rl) break;
            on_packet(c, c->in[p], c->in + q, rl);
            if (c->state == ST_CLOSED) return;
            p = q + rl;
        }
        if (p) { memmove(c->in, c->in + p, c->in_len - p); c->in_len -= p; }
        if ((uint32_t)n < room) break;
    }
    if (c->out_len > c->out_pos) flush(c);
}

// mode away: every subscriber has its session and leaves
static void leave(void) {
    for (int i = 0; i < nsub; i++) {
        uint8_t d[2] = { 0xE0, 0 }; send(conns[i].fd, d, 2, MSG_NOSIGNAL); shutdown(conns[i].fd, SHUT_WR);
        while (recv(conns[i].fd, d, 1, 0) < 0 && errno == EAGAIN) usleep(1000); // the broker has seen it
        close(conns[i].fd); conns[i].state = ST_CLOSED;
    }
    for (int i = nsub; i < nconn; i++) conns[i].sent_at = calloc(65536, sizeof(uint64_t));
}

static void open_conn(Conn *c) {
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0); if (c->fd < 0) die("socket: %s", strerror(errno));
    int one = 1; setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    // spread the source over 127.0.1.x so that more than 28k connections fit
    static int seq; struct sockaddr_in src = { .sin_family = AF_INET }; src.sin_addr.s_addr = htonl(0x7f000101 + seq++ % 100);
    setsockopt(c->fd, IPPROTO_IP, 24 /* IP_BIND_ADDRESS_NO_PORT */, &one, sizeof one);
    bind(c->fd, (void *)&src, sizeof src);
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port) }; inet_pton(AF_INET, host, &a.sin_addr);
    if (connect(c->fd, (void *)&a, sizeof a) && errno != EINPROGRESS) die("connect: %s", strerror(errno));
    c->state = ST_CONNECTING; c->want_write = 1; c->in_len = c->out_len = c->out_pos = 0;
    struct epoll_event e = { .events = EPOLLIN | EPOLLOUT, .data.ptr = c }; epoll_ctl(ep, EPOLL_CTL_ADD, c->fd, &e);
}
static uint64_t recv_target(void) { return total_sent * fan; }
static void poll_once(int timeout_ms) {
    static struct epoll_event ev[1024]; uint64_t t = now_ns();
    if (measuring && last_look && t - last_look > longest_pause) longest_pause = t - last_look;
    int n = epoll_wait(ep, ev, 1024, timeout_ms);
    last_look = now_ns(); // what came during the wait was seen at its end; a wait that ended late counts as pause
    if (measuring && timeout_ms * 1000000ull < last_look - t && last_look - t - timeout_ms * 1000000ull > longest_pause) longest_pause = last_look - t - timeout_ms * 1000000ull;
    for (int i = 0; i < n; i++) {
        Conn *c = ev[i].data.ptr; if (c->state == ST_CLOSED) continue;
        if (c->state == ST_CONNECTING && (ev[i].events & (EPOLLOUT | EPOLLERR))) {
            int er = 0; socklen_t l = sizeof er; getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &er, &l);
            if (er) die("connect: %s", strerror(er));
            c->state = ST_CONNACK; c->want_write = 1; send_connect(c); continue;
        }
        if (ev[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) on_readable(c);
        if (c->state != ST_CLOSED && (ev[i].events & EPOLLOUT)) flush(c);
    }
}

// mode start: the time from the fork until a connection is accepted, looking twice a millisecond
static int time_start(char **command) {
    if (!*command) die("start: a command is needed after --");
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port) }; inet_pton(AF_INET, host, &a.sin_addr);
    uint64_t from = now_ns(); pid_t pid = fork();
    if (pid < 0) die("fork: %s", strerror(errno));
    if (!pid) { execvp(*command, command); fprintf(stderr, "%s: %s\n", *command, strerror(errno)); _exit(127); }
    double ms = 0, cpu, rss;
    for (;;) {
        int fd = socket(AF_INET, SOCK_STREAM, 0), status; if (fd < 0) die("socket: %s", strerror(errno));
        int accepted = !connect(fd, (void *)&a, sizeof a); ms = (now_ns() - from) / 1e6; close(fd);
        if (accepted) break;
        if (waitpid(pid, &status, WNOHANG) == pid) { printf("{\"label\":\"%s\",\"error\":\"the command ended before it accepted a connection\"}\n", label); return 1; }
        if (ms > 60000) { kill(pid, SIGKILL); printf("{\"label\":\"%s\",\"error\":\"no connection was accepted in 60 s\"}\n", label); return 1; }
        usleep(500);
    }
    sleep(secs); broker_pid = pid; broker_usage(&cpu, &rss);
    kill(pid, SIGTERM); waitpid(pid, 0, 0);
    printf("{\"label\":\"%s\",\"mode\":\"start\",\"start_ms\":%.1f,\"cpu_ms\":%.0f,\"rss_mb\":%.1f}\n", label, ms, cpu * 1000, rss);
    return 0;
}

int main(int argc, char **argv) {
    int o;
    while ((o = getopt(argc, argv, "h:p:P:S:m:q:s:w:r:d:W:v:B:T:L:u:x:D")) != -1) switch (o) {
        case 'h': host = optarg; break; case 'p': port = atoi(optarg); break; case 'P': npub = atoi(optarg); break; case 'S': nsub = atoi(optarg); break;
        case 'm': mode = optarg; break; case 'q': qos = atoi(optarg); break; case 's': size = atoi(optarg); break; case 'w': window = atoi(optarg); break;
        case 'r': rate = atof(optarg); break; case 'd': secs = atoi(optarg); break; case 'W': warm = atoi(optarg); break; case 'v': version = atoi(optarg); break;
        case 'B': broker_pid = atoi(optarg); break; case 'T': topics = atoi(optarg); break; case 'L': label = optarg; break;
        case 'u': user = optarg; break; case 'x': pass = optarg; break; case 'D': durable = 1; break; default: return 2; }
    if (size < 8) size = 8;
    if (!strcmp(mode, "away")) { away = durable = 1; if (qos < 1 || nsub < 1) die("away: needs QoS 1 or 2, and a subscriber that leaves"); }
    struct rlimit rl = { 1000000, 1000000 }; if (setrlimit(RLIMIT_NOFILE, &rl)) { getrlimit(RLIMIT_NOFILE, &rl); rl.rlim_cur = rl.rlim_max; setrlimit(RLIMIT_NOFILE, &rl); }
    if (!strcmp(mode, "start")) return time_start(argv + optind);
    many = !strcmp(mode, "subs"); int idle = !strcmp(mode, "idle") || many, churn = !strcmp(mode, "churn");
    if (idle || churn) nsub = 0;
    payload = calloc(1, size); memset(payload, 'x', size);
    ep = epoll_create1(0); nconn = npub + nsub; conns = calloc(nconn, sizeof *conns);
    fan = idle || churn ? 0 : !strcmp(mode, "pair") || away ? 1 : nsub;
    double cpu0, rss0, cpu1, rss1; broker_usage(&cpu0, &rss0);
    uint64_t t_connect = now_ns();
    // subscribers first, then publishers, at most 200 handshakes under way
    int opened = 0;
    for (int i = 0; i < nconn; i++) { Conn *c = &conns[i]; c->role = i < nsub ? SUB : idle || churn ? IDLE : PUB; c->index = i < nsub ? i : i - nsub; c->state = ST_CLOSED; }
    if (churn) {
        uint64_t begin = now_ns() + warm * 1000000000ull, end = begin + secs * 1000000000ull, done = 0; closed_early = 0;
        for (int i = 0; i < nconn; i++) open_conn(&conns[i]);
        while (now_ns() < end) {
            if (!measuring && now_ns() >= begin) { measuring = 1; done = 0; broker_usage(&cpu0, &rss0); }
            poll_once(10);
            for (int i = 0; i < nconn; i++) { Conn *c = &conns[i]; if (c->state == ST_READY) { uint8_t d[2] = { 0xE0, 0 }; send(c->fd, d, 2, MSG_NOSIGNAL); struct linger lg = { 1, 0 }; close_conn(c); (void)lg; done++; open_conn(c); } else if (c->state == ST_CLOSED) open_conn(c); }
        }
        broker_usage(&cpu1, &rss1);
        printf("{\"label\":\"%s\",\"mode\":\"churn\",\"conns_per_s\":%.0f,\"broker_us_per_conn\":%.2f,\"rss_mb\":%.1f}\n", label, done / (double)secs, done ? (cpu1 - cpu0) * 1e6 / done : 0, rss1);
        return 0;
    }
    uint64_t deadline = now_ns() + 120000000000ull;
    while (nready < nconn) {
        while (opened < nconn && opened - nready - (int)closed_early < 200) open_conn(&conns[opened++]);
        poll_once(100);
        if (closed_early) { printf("{\"label\":\"%s\",\"error\":\"%lu of %d connections closed or refused while connecting (%d ready)\"}\n", label, closed_early, nconn, nready); return 1; }
        if (now_ns() > deadline) { printf("{\"label\":\"%s\",\"error\":\"only %d of %d connections ready in 120 s\"}\n", label, nready, nconn); return 1; }
    }
    double connect_s = (now_ns() - t_connect) / 1e9;
    if (idle) {
        double cpu_quiet, rss_quiet, quiet_from;
        if (many) { printf("ready\n"); fflush(stdout); }
        uint64_t settled = now_ns() + warm * 1000000000ull; while (now_ns() < settled) poll_once(100);
        broker_usage(&cpu_quiet, &rss_quiet); quiet_from = now_ns();
        uint64_t end = now_ns() + secs * 1000000000ull; while (now_ns() < end) poll_once(100);
        broker_usage(&cpu1, &rss1);
        if (many) printf("{\"label\":\"%s\",\"mode\":\"subs\",\"subs\":%ld,\"subs_per_s\":%.0f,\"broker_us_per_sub\":%.2f,\"rss_mb\":%.1f,\"bytes_per_sub\":%.1f,\"closed\":%lu}\n", label, (long)nconn * topics, (double)nconn * topics / connect_s, (cpu_quiet - cpu0) * 1e6 / nconn / topics, rss1, (rss1 - rss0) * 1e6 / nconn / topics, closed_early);
        else printf("{\"label\":\"%s\",\"mode\":\"idle\",\"conns\":%d,\"connect_per_s\":%.0f,\"broker_us_per_conn\":%.1f,\"rss_mb\":%.1f,\"kb_per_conn\":%.2f,\"idle_cpu_pct\":%.2f,\"closed\":%lu}\n", label, nconn, nconn / connect_s, (cpu_quiet - cpu0) * 1e6 / nconn, rss1, (rss1 - rss0) * 1000.0 / nconn, (cpu1 - cpu_quiet) / ((now_ns() - quiet_from) / 1e9) * 100, closed_early);
        return 0;
    }
    if (away) leave();
    uint64_t start = now_ns(), t_measure = start + warm * 1000000000ull, t_end = t_measure + secs * 1000000000ull, sent_at_measure = 0;
    uint64_t next_pub = 0; struct rusage ru0, ru1; (void)sent_at_measure;
    while (1) {
        uint64_t t = now_ns();
        if (!measuring && t >= t_measure) { measuring = 1; broker_usage(&cpu0, &rss0); getrusage(RUSAGE_SELF, &ru0); t_measure = now_ns(); t_end = t_measure + secs * 1000000000ull; }
        if (measuring && t >= t_end) break;
        int progressed = 0;
        if (rate > 0) {
            double due = (t - start) / 1e9 * rate;
            if (measuring && due > total_sent + 1 && (due - total_sent) / rate * 1e9 > most_behind) most_behind = (due - total_sent) / rate * 1e9;
            int run = (due - total_sent) / npub, turn = 0; if (run < 1) run = 1; if (run > window) run = window;
            while (total_sent < due) {
                Conn *c = &conns[nsub + next_pub++ % npub]; if (c->state != ST_READY) { if (closed_early > (uint64_t)npub) break; continue; }
                if (c->out_len - c->out_pos > (1u << 22) || (qos && c->inflight >= c->quota)) break;
                for (int k = 0; k < run && !(qos && c->inflight >= c->quota); k++) { queue_publish(c); turn++; }
                flush(c); progressed = 1;
                if (turn >= 64 && (run == 1 || turn >= run * npub)) break;
            }
            poll_once(progressed && total_sent < due ? 0 : 1);
        } else {
            uint64_t under_way = recv_target() > total_recv ? (recv_target() - total_recv) / (fan ? fan : 1) : 0;
            uint64_t room_total = under_way < (uint64_t)window * npub ? (uint64_t)window * npub - under_way : 0;
            if (room_total >= (uint64_t)window * npub / 4 + 1 || !room_total) {
                for (int i = 0; i < npub && room_total; i++) {
                    Conn *c = &conns[nsub + (next_pub + i) % npub]; if (c->state != ST_READY || c->out_len > c->out_pos) continue;
                    int k = 0, per = (int)(room_total / (npub - i)) + 1; if (per > window) per = window;
                    while (room_total && k < per && (!qos || (c->inflight < (uint32_t)window && c->inflight < c->quota))) { queue_publish(c); room_total--; k++; }
                    if (k) { flush(c); progressed = 1; }
                }
                next_pub++;
            }
            poll_once(progressed ? 0 : 1);
        }
        if (closed_early) { printf("{\"label\":\"%s\",\"error\":\"%lu connections closed by the broker under load\",\"sent\":%lu,\"recv\":%lu}\n", label, closed_early, total_sent, total_recv); return 1; }
    }
    double el = (now_ns() - t_measure) / 1e9; broker_usage(&cpu1, &rss1); getrusage(RUSAGE_SELF, &ru1); measuring = 0;
    // drain: what was accepted must arrive
    uint64_t t_drain = now_ns() + 5000000000ull, last = total_recv, t_last = now_ns();
    while (total_recv < recv_target() && now_ns() < t_drain) { poll_once(50); if (total_recv != last) { last = total_recv; t_last = now_ns(); } else if (now_ns() - t_last > 2000000000ull) break; }
    double lg = (ru1.ru_utime.tv_sec - ru0.ru_utime.tv_sec) + (ru1.ru_stime.tv_sec - ru0.ru_stime.tv_sec) + (ru1.ru_utime.tv_usec - ru0.ru_utime.tv_usec + ru1.ru_stime.tv_usec - ru0.ru_stime.tv_usec) / 1e6;
    printf("{\"label\":\"%s\",\"mode\":\"%s\",\"v\":%d,\"pubs\":%d,\"subs\":%d,\"qos\":%d,\"size\":%d,\"rate\":%.0f,\"in_per_s\":%.0f,\"out_per_s\":%.0f,\"p50_us\":%.0f,\"p99_us\":%.0f,\"p999_us\":%.0f,\"max_us\":%.0f,\"broker_cpu_pct\":%.0f,\"broker_us_per_out\":%.3f,\"gen_cpu_pct\":%.0f,\"rss_mb\":%.1f,\"pause_us\":%.0f,\"behind_us\":%.0f,\"lost\":%ld}\n",
        label, mode, version, npub, nsub, qos, size, rate, measured_sent / el, measured_recv / el, hist_pct(.5), hist_pct(.99), hist_pct(.999), hist_max / 1000.0,
        (cpu1 - cpu0) / el * 100, measured_recv ? (cpu1 - cpu0) * 1e6 / measured_recv : 0, lg / el * 100, rss1, longest_pause / 1000.0, most_behind / 1000.0, (long)(recv_target() - total_recv));
    return 0;
}
