// Linux calls that Swift's Glibc module does not import, or only with all their pointers: open(2) with O_TMPFILE,
// linkat(2) of a file without a name, flock(2). Plain wrappers: each returns what its call returns,
// -1 with errno on failure. Descriptors are closed on exec.
#ifndef LATCHKEY_CFILES_H
#define LATCHKEY_CFILES_H

int cfiles_open_folder(const char *path);                  // O_DIRECTORY; a symbolic link is followed
int cfiles_open_branch(int folder, const char *name);      // openat, O_DIRECTORY | O_NOFOLLOW
int cfiles_make_nameless(int folder);                      // O_TMPFILE | O_WRONLY, mode 0600

// Gives a file without a name one: linkat of /proc/self/fd/<file>. AT_EMPTY_PATH would want CAP_DAC_READ_SEARCH.
int cfiles_link(int file, int folder, const char *name);

int cfiles_lock(int descriptor, int exclusive);            // flock with LOCK_NB: EWOULDBLOCK when it is held

#endif
