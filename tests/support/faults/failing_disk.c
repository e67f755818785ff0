/* A library to preload that lets one call of the file system fail, or ends the process there.
 *
 * Calls that change something below a folder are counted, whoever makes them: the interpreter, NumPy, Arrow or torch.
 * `faults_arm(folder, number, mode)` begins to count at 1 and lets call `number` fail (mode 0, with EIO), end the
 * process before it (mode 1), or, for a write, write half of the bytes and then end the process (mode 2).
 * `faults_count()` returns how many calls there were.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static char folder[PATH_MAX];
static atomic_long count;
static long at;
static int mode;
static int log_file = -1;

void faults_arm(const char *below, long number, int how, int log) {
    at = number;
    mode = how;
    log_file = log;
    atomic_store(&count, 0);
    snprintf(folder, sizeof folder, "%s", below);
}

long faults_count(void) { return atomic_load(&count); }

static int concerns(const char *path) {
    size_t length = strlen(folder);
    return length && strncmp(path, folder, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

static int path_of(int file, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length < 0) return 0;
    path[length] = '\0';
    return concerns(path);
}

static ssize_t (*real_write)(int, const void *, size_t);

/* Whether this call is the one that fails; with mode 1 it does not return. */
static int fails(const char *what, const char *path) {
    long number = atomic_fetch_add(&count, 1) + 1;
    if (log_file >= 0) {
        char line[PATH_MAX + 32];
        int length = snprintf(line, sizeof line, "%s %s\n", what, path);
        if (!real_write) real_write = dlsym(RTLD_NEXT, "write");
        if (real_write(log_file, line, (size_t)length) < 0) abort();
    }
    if (number != at) return 0;
    if (mode == 1) _exit(9);
    errno = EIO;
    return 1;
}

#define REAL(name) \
    static __typeof__(&name) real; \
    if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

#define BY_FILE(type, name, parameters, arguments, file) \
    type name parameters { \
        REAL(name); \
        char path[PATH_MAX]; \
        int saved = errno; \
        if (folder[0] && path_of(file, path) && fails(#name, path)) return -1; \
        errno = saved; \
        return real arguments; \
    }

#define BY_PATH(type, name, parameters, arguments, path) \
    type name parameters { \
        REAL(name); \
        if (folder[0] && concerns(path) && fails(#name, path)) return -1; \
        return real arguments; \
    }

ssize_t write(int file, const void *bytes, size_t size) {
    if (!real_write) real_write = dlsym(RTLD_NEXT, "write");
    char path[PATH_MAX];
    int saved = errno;
    if (folder[0] && path_of(file, path) && fails("write", path)) {
        if (mode == 2) {
            if (real_write(file, bytes, size / 2) < 0) abort();
            _exit(9);
        }
        return -1;
    }
    errno = saved;
    return real_write(file, bytes, size);
}

BY_FILE(ssize_t, pwrite, (int f, const void *b, size_t n, off_t o), (f, b, n, o), f)
BY_FILE(ssize_t, pwrite64, (int f, const void *b, size_t n, off64_t o), (f, b, n, o), f)
BY_FILE(ssize_t, writev, (int f, const struct iovec *v, int n), (f, v, n), f)
BY_FILE(int, fsync, (int f), (f), f)
BY_FILE(int, fdatasync, (int f), (f), f)
BY_FILE(int, ftruncate, (int f, off_t n), (f, n), f)
BY_FILE(int, ftruncate64, (int f, off64_t n), (f, n), f)
BY_PATH(int, rename, (const char *a, const char *b), (a, b), b)
BY_PATH(int, renameat, (int x, const char *a, int y, const char *b), (x, a, y, b), b)
BY_PATH(int, unlink, (const char *a), (a), a)
BY_PATH(int, rmdir, (const char *a), (a), a)
BY_PATH(int, mkdir, (const char *a, mode_t m), (a, m), a)

/* Making a file writes to the disk as well. */
#define OPENING(name) \
    int name(const char *path, int flags, ...) { \
        REAL(name); \
        va_list rest; \
        va_start(rest, flags); \
        mode_t mode_ = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
        va_end(rest); \
        if (folder[0] && (flags & O_CREAT) && concerns(path) && fails(#name, path)) return -1; \
        return real(path, flags, mode_); \
    }
OPENING(open)
OPENING(open64)
