/*
 * The floor of the design: libfcgi behind the same loop as latchkeyd's verify lane (Sources/FastCGI), in C, answering
 * every request with one fixed text. It looks at no parameter, checks no peer and writes no log.
 *
 *     responder SOCKET WORKERS BODY
 *
 * One thread a worker, each with an epoll set of its own that holds the listening socket (EPOLLEXCLUSIVE: one wakes for
 * a new connection) and the connections that it accepted, level-triggered and blocking.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcgiapp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { MAXIMUM_EVENTS = 64, BACKLOG = 4096 };

static int listener;
static char answer[2048];
static int answer_length;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static int watch(int set, int descriptor, unsigned int events) {
    struct epoll_event event = {.events = events, .data.fd = descriptor};
    return epoll_ctl(set, EPOLL_CTL_ADD, descriptor, &event);
}

static void accept_all(int set) {
    const struct timeval limit = {.tv_sec = 10};
    for (int i = 0; i < MAXIMUM_EVENTS; i++) {
        int connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (connection < 0) return; /* another worker was faster */
        setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
        if (watch(set, connection, EPOLLIN) != 0) close(connection);
    }
}

static void serve(FCGX_Request *request, int connection) {
    char rest[4096];
    request->ipcFd = connection;
    request->keepConnection = 1; /* FCGX_Accept_r begins with FCGX_Finish_r, which would close what is not kept */
    request->detached = 1;       /* closing would shut down and poll for up to 2 s */
    if (FCGX_Accept_r(request) == 0) {
        while (FCGX_GetStr(rest, sizeof rest, request->in) == (int)sizeof rest) {
        }
        FCGX_PutStr(answer, answer_length, request->out);
        FCGX_Finish_r(request);
    }
    request->ipcFd = -1; /* still open and in the epoll set, or closed and so out of it */
}

static void *work(void *unused) {
    FCGX_Request request;
    struct epoll_event ready[MAXIMUM_EVENTS];
    int set = epoll_create1(EPOLL_CLOEXEC);
    if (set < 0 || watch(set, listener, EPOLLIN | EPOLLEXCLUSIVE) != 0) fail("epoll");
    FCGX_InitRequest(&request, -1, 0);
    for (;;) {
        int count = epoll_wait(set, ready, MAXIMUM_EVENTS, -1);
        if (count < 0 && errno != EINTR) fail("epoll_wait");
        for (int i = 0; i < count; i++) {
            if (ready[i].data.fd == listener) {
                accept_all(set);
            } else {
                serve(&request, ready[i].data.fd);
            }
        }
    }
    return unused;
}

int main(int count, char **words) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (count != 4 || strlen(words[1]) >= sizeof address.sun_path) {
        fprintf(stderr, "usage: responder SOCKET WORKERS BODY\n");
        return 64;
    }
    answer_length = snprintf(
        answer, sizeof answer,
        "Status: 200 OK\r\nContent-Type: application/json\r\nCache-Control: no-store\r\n"
        "X-Request-Id: 00000000000000000000000000000000\r\nContent-Length: %zu\r\n\r\n%s",
        strlen(words[3]), words[3]);
    if (answer_length >= (int)sizeof answer) return 64;

    strcpy(address.sun_path, words[1]);
    listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    umask(0117);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(listener, BACKLOG) != 0)
        fail(words[1]);

    FCGX_Init();
    for (int i = atoi(words[2]); i > 1; i--) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, work, NULL) != 0) fail("pthread_create");
    }
    work(NULL);
}
