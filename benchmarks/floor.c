/* The floor: what one CONNECT, one verified TLS handshake and one GET cost in C, with one context for all.
   Usage: floor PROXY-IP PORT BASIC-CREDENTIALS CA-FILE THREADS < hosts; exit 0 if each answered 200. */
#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct sockaddr_in proxy;
static const char *basic;
static SSL_CTX *context;
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static int failures;

static int next_host(char *host, size_t size) {
    pthread_mutex_lock(&turn);
    char *line = fgets(host, (int)size, stdin);
    pthread_mutex_unlock(&turn);
    if (line) host[strcspn(host, "\n")] = 0;
    return line != NULL;
}

static int tunnel(const char *host) {
    char text[2048];
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&proxy, sizeof proxy)) goto bad;
    int length = snprintf(text, sizeof text, "CONNECT %s:443 HTTP/1.1\r\nHost: %s:443\r\nProxy-Authorization: Basic %s\r\n\r\n", host, host, basic);
    if (write(fd, text, (size_t)length) != length) goto bad;
    size_t have = 0;
    while (have < sizeof text - 1) {
        ssize_t got = read(fd, text + have, sizeof text - 1 - have);
        if (got <= 0) goto bad;
        have += (size_t)got;
        text[have] = 0;
        if (strstr(text, "\r\n\r\n")) {
            if (!strncmp(text + 8, " 200", 4)) return fd;
            goto bad;
        }
    }
bad:
    if (fd >= 0) close(fd);
    return -1;
}

static int probe(const char *host) {
    char text[4096];
    int good = 0, fd = tunnel(host);
    if (fd < 0) return 0;
    SSL *tls = SSL_new(context);
    SSL_set_fd(tls, fd);
    SSL_set_tlsext_host_name(tls, host);
    SSL_set1_host(tls, host);
    if (SSL_connect(tls) == 1) {
        int length = snprintf(text, sizeof text, "GET /v2/ HTTP/1.1\r\nHost: %s\r\nAccept: */*\r\nConnection: close\r\n\r\n", host);
        SSL_write(tls, text, length);
        int got = SSL_read(tls, text, sizeof text - 1);
        good = got > 12 && !strncmp(text + 8, " 200", 4);
        while (got > 0) got = SSL_read(tls, text, sizeof text);
    }
    SSL_free(tls);
    close(fd);
    return good;
}

static void *work(void *unused) {
    char host[256];
    while (next_host(host, sizeof host))
        if (!probe(host)) __atomic_add_fetch(&failures, 1, __ATOMIC_RELAXED);
    return unused;
}

int main(int argc, char **argv) {
    if (argc != 6) return 2;
    signal(SIGPIPE, SIG_IGN);
    proxy.sin_family = AF_INET;
    proxy.sin_port = htons((unsigned short)atoi(argv[2]));
    inet_pton(AF_INET, argv[1], &proxy.sin_addr);
    basic = argv[3];
    context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    if (SSL_CTX_load_verify_locations(context, argv[4], NULL) != 1) return 2;
    int threads = atoi(argv[5]);
    pthread_t *pool = calloc((size_t)threads, sizeof *pool);
    for (int i = 0; i < threads; i++) pthread_create(&pool[i], NULL, work, NULL);
    for (int i = 0; i < threads; i++) pthread_join(pool[i], NULL);
    return failures ? 1 : 0;
}
