// _GNU_SOURCE stands here and not in a module map: there it changes types that Swift's Glibc module imports as well.
#define _GNU_SOURCE
#include "CEpoll.h"

#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static int control(int epoll, int operation, int descriptor, int watch, uint32_t tag) {
    struct epoll_event event = {.data.u64 = (uint64_t)tag << 32 | (uint32_t)descriptor};
    if (watch & CEPOLL_READ) event.events |= EPOLLIN;
    if (watch & CEPOLL_ONE_SHOT) event.events |= EPOLLONESHOT;
    if (watch & CEPOLL_EDGE) event.events |= EPOLLET;
    if (watch & CEPOLL_EXCLUSIVE) event.events |= EPOLLEXCLUSIVE;
    if (watch & CEPOLL_WRITE) event.events |= EPOLLOUT;
    return epoll_ctl(epoll, operation, descriptor, &event);
}

int cepoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

int cepoll_add(int epoll, int descriptor, int watch) { return control(epoll, EPOLL_CTL_ADD, descriptor, watch, 0); }

int cepoll_modify(int epoll, int descriptor, int watch, uint32_t tag) {
    return control(epoll, EPOLL_CTL_MOD, descriptor, watch, tag);
}

int cepoll_remove(int epoll, int descriptor) { return control(epoll, EPOLL_CTL_DEL, descriptor, 0, 0); }

int cepoll_wait(int epoll, struct cepoll_event *happened, int capacity, int timeout) {
    struct epoll_event events[64];
    int count = epoll_wait(epoll, events, capacity < 64 ? capacity : 64, timeout);
    for (int i = 0; i < count; i++) {
        happened[i].descriptor = (int32_t)(uint32_t)events[i].data.u64;
        happened[i].tag = (uint32_t)(events[i].data.u64 >> 32);
    }
    return count;
}

int cepoll_event_descriptor(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

int cepoll_signal(int event_descriptor) { return eventfd_write(event_descriptor, 1); }

int cepoll_accept(int listener) { return accept4(listener, NULL, NULL, SOCK_CLOEXEC); }

int cepoll_peer_uid(int connection, uid_t *uid) {
    struct ucred credentials;
    socklen_t length = sizeof credentials;
    if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0) return -1;
    *uid = credentials.uid;
    return 0;
}

int cepoll_name_thread(const char *name) { return pthread_setname_np(pthread_self(), name); }

pid_t cepoll_fork(void) { return fork(); }

int cepoll_end_with_parent(void) { return prctl(PR_SET_PDEATHSIG, SIGKILL); }

int cepoll_forbid_dumps(void) { return prctl(PR_SET_DUMPABLE, 0); }

pid_t cepoll_next_ended(int *status, int *signal) {
    int state;
    pid_t child = waitpid(-1, &state, WNOHANG);
    if (child > 0) {
        *status = WIFEXITED(state) ? WEXITSTATUS(state) : -1;
        *signal = WIFSIGNALED(state) ? WTERMSIG(state) : 0;
    }
    return child;
}
