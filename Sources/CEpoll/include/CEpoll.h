// Linux calls that Swift's Glibc module does not import: epoll(7), eventfd(2), accept4(2), the credentials of a Unix
// socket's peer, the name of a thread, fork(2), prctl(2) and the macros of waitpid(2). Plain wrappers: each returns
// what its call returns, -1 with errno on failure.
#ifndef LATCHKEY_CEPOLL_H
#define LATCHKEY_CEPOLL_H

#include <stdint.h>
#include <sys/types.h>

// What a descriptor is watched for.
enum {
    CEPOLL_READ = 1,          // EPOLLIN
    CEPOLL_ONE_SHOT = 2,      // EPOLLONESHOT
    CEPOLL_EDGE = 4,          // EPOLLET
    CEPOLL_EXCLUSIVE = 8,     // EPOLLEXCLUSIVE (with cepoll_add only)
    CEPOLL_WRITE = 16,        // EPOLLOUT
};

// What has happened: on which descriptor, and with which tag it was armed.
struct cepoll_event {
    int32_t descriptor;
    uint32_t tag;
};

int cepoll_create(void);                                   // epoll_create1(EPOLL_CLOEXEC)
int cepoll_add(int epoll, int descriptor, int watch);      // EPOLL_CTL_ADD, the tag is 0
int cepoll_modify(int epoll, int descriptor, int watch, uint32_t tag);   // EPOLL_CTL_MOD
int cepoll_remove(int epoll, int descriptor);              // EPOLL_CTL_DEL

// epoll_wait: writes at most `capacity` (at most 64) events; the time-out is in milliseconds, -1 none.
int cepoll_wait(int epoll, struct cepoll_event *happened, int capacity, int timeout);

int cepoll_event_descriptor(void);                         // eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)
int cepoll_signal(int event_descriptor);                   // adds 1 to it: readable from then on

int cepoll_accept(int listener);                           // accept4(SOCK_CLOEXEC): the connection blocks
int cepoll_peer_uid(int connection, uid_t *uid);           // SO_PEERCRED

int cepoll_name_thread(const char *name);                  // pthread_setname_np of the calling thread, 15 bytes

pid_t cepoll_fork(void);                                   // fork
int cepoll_end_with_parent(void);                          // prctl(PR_SET_PDEATHSIG, SIGKILL)
int cepoll_forbid_dumps(void);                             // prctl(PR_SET_DUMPABLE, 0)

// waitpid(-1, WNOHANG): the exit status, or -1 and the signal that ended the child.
pid_t cepoll_next_ended(int *status, int *signal);

#endif
