/* A library to preload that lets a call of the file system fail, or ends the process there.
 *
 * Calls that change something below a folder are counted, whoever makes them: the interpreter, NumPy, Arrow or torch.
 * `faults_arm(folder, number, mode, log)` begins to count at 1 and names each call in the file `log` (-1: in none).
 * What happens at call `number`, by `mode`:
 *     0 the call fails with EIO
 *     1 the process ends before it
 *     2 a write writes half of the bytes, and the process ends
 *     3 a write writes half of the bytes, and says so, as it may; all is well after it
 *     4 this call fails with EIO, and so do all after it: the disk is gone
 * Not seen are what goes through a memory map or a stream of C (`fwrite`); its opening is.
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
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum { ERROR, KILL, HALF, SHORT, GONE };

static char folder[PATH_MAX];
static atomic_long count;
static long at;
static int mode;
static int log_file = -1;

#define REAL(name) \
    static __typeof__(&name) real; \
    if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

void faults_arm(const char *below, long number, int how, int log) {
    at = number;
    mode = how;
    log_file = log;
    atomic_store(&count, 0);
    snprintf(folder, sizeof folder, "%s", below);
}

/* Write to the log, which is never below the folder. */
static ssize_t real_write(int file, const void *bytes, size_t size) {
    REAL(write);
    return real(file, bytes, size);
}

/* Whether a path, absolute or below an open folder, is below the folder that fails; `path` becomes absolute. */
static int concerns(int below, const char *name, char *path) {
    if (!folder[0]) return 0;
    size_t length = strlen(folder), start = 0;
    if (name[0] != '/') {
        char link[64] = "/proc/self/cwd";
        if (below != AT_FDCWD) snprintf(link, sizeof link, "/proc/self/fd/%d", below);
        ssize_t found = readlink(link, path, PATH_MAX - 1);
        if (found < 0) return 0;
        start = (size_t)found;
    }
    snprintf(path + start, PATH_MAX - start, "%s%s", start && name[0] ? "/" : "", name);
    return strncmp(path, folder, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

static int can_write(int file) {
    int flags = fcntl(file, F_GETFL);
    return flags >= 0 && (flags & O_ACCMODE) != O_RDONLY;
}

/* Count a call; whether it is the one where something happens. */
static int reached(const char *what, const char *path) {
    long number = atomic_fetch_add(&count, 1) + 1;
    if (log_file >= 0) {
        char line[PATH_MAX + 32];
        int length = snprintf(line, sizeof line, "%s %s\n", what, path);
        if (real_write(log_file, line, (size_t)length) < 0) abort();
    }
    if (number != at && !(mode == GONE && at && number > at)) return 0;
    if (mode == KILL) _exit(9);
    return 1;
}

static int with_error(void) {
    errno = EIO;
    return mode == ERROR || mode == GONE;
}

static int fails(const char *what, const char *path) { return reached(what, path) && with_error(); }

#define NAMED(type, name, parameters, arguments, below, path) \
    type name parameters { \
        REAL(name); \
        char full[PATH_MAX]; \
        int saved = errno; \
        if (concerns(below, path, full) && fails(#name, full)) return (type)-1; \
        errno = saved; \
        return real arguments; \
    }
#define OPEN(type, name, parameters, arguments, file) NAMED(type, name, parameters, arguments, file, "")
#define PATH(type, name, parameters, arguments, path) NAMED(type, name, parameters, arguments, AT_FDCWD, path)

/* A write, of which half can be done. */
#define WRITING(name, parameters, arguments, half, size) \
    ssize_t name parameters { \
        REAL(name); \
        char full[PATH_MAX]; \
        int saved = errno; \
        if (concerns(f, "", full) && reached(#name, full)) { \
            if (with_error()) return -1; \
            if (mode == HALF || (size) > 1) { \
                ssize_t written = real half; \
                if (written < 0) abort(); \
                if (mode == HALF) _exit(9); \
                return written; \
            } \
        } \
        errno = saved; \
        return real arguments; \
    }
WRITING(write, (int f, const void *b, size_t n), (f, b, n), (f, b, n / 2), n)
WRITING(pwrite, (int f, const void *b, size_t n, off_t o), (f, b, n, o), (f, b, n / 2, o), n)
WRITING(pwrite64, (int f, const void *b, size_t n, off64_t o), (f, b, n, o), (f, b, n / 2, o), n)
WRITING(writev, (int f, const struct iovec *v, int n), (f, v, n), (f, v, n / 2), n)
WRITING(pwritev, (int f, const struct iovec *v, int n, off_t o), (f, v, n, o), (f, v, n / 2, o), n)
WRITING(pwritev64, (int f, const struct iovec *v, int n, off64_t o), (f, v, n, o), (f, v, n / 2, o), n)
WRITING(sendfile, (int f, int i, off_t *o, size_t n), (f, i, o, n), (f, i, o, n / 2), n)
WRITING(sendfile64, (int f, int i, off64_t *o, size_t n), (f, i, o, n), (f, i, o, n / 2), n)
WRITING(copy_file_range, (int i, off64_t *p, int f, off64_t *o, size_t n, unsigned g), (i, p, f, o, n, g),
        (i, p, f, o, n / 2, g), n)

OPEN(int, fsync, (int f), (f), f)
OPEN(int, fdatasync, (int f), (f), f)
OPEN(int, ftruncate, (int f, off_t n), (f, n), f)
OPEN(int, ftruncate64, (int f, off64_t n), (f, n), f)
OPEN(int, fallocate, (int f, int m, off_t o, off_t n), (f, m, o, n), f)
OPEN(int, fallocate64, (int f, int m, off64_t o, off64_t n), (f, m, o, n), f)
OPEN(int, fchmod, (int f, mode_t m), (f, m), f)
OPEN(int, futimens, (int f, const struct timespec t[2]), (f, t), f)
PATH(int, rename, (const char *a, const char *b), (a, b), b)
NAMED(int, renameat, (int x, const char *a, int y, const char *b), (x, a, y, b), y, b)
NAMED(int, renameat2, (int x, const char *a, int y, const char *b, unsigned g), (x, a, y, b, g), y, b)
PATH(int, link, (const char *a, const char *b), (a, b), b)
NAMED(int, linkat, (int x, const char *a, int y, const char *b, int g), (x, a, y, b, g), y, b)
PATH(int, symlink, (const char *a, const char *b), (a, b), b)
NAMED(int, symlinkat, (const char *a, int y, const char *b), (a, y, b), y, b)
PATH(int, unlink, (const char *a), (a), a)
NAMED(int, unlinkat, (int x, const char *a, int g), (x, a, g), x, a)
PATH(int, rmdir, (const char *a), (a), a)
PATH(int, mkdir, (const char *a, mode_t m), (a, m), a)
NAMED(int, mkdirat, (int x, const char *a, mode_t m), (x, a, m), x, a)
PATH(int, truncate, (const char *a, off_t n), (a, n), a)
PATH(int, truncate64, (const char *a, off64_t n), (a, n), a)
PATH(int, chmod, (const char *a, mode_t m), (a, m), a)
NAMED(int, fchmodat, (int x, const char *a, mode_t m, int g), (x, a, m, g), x, a)
NAMED(int, utimensat, (int x, const char *a, const struct timespec t[2], int g), (x, a, t, g), x, a ? a : "")

/* Closing can fail on a network's disk, which has written nothing before; the file is closed all the same. */
int close(int file) {
    REAL(close);
    char full[PATH_MAX];
    int saved = errno;
    int failed = concerns(file, "", full) && can_write(file) && fails("close", full);
    errno = saved;
    int closed = real(file);
    if (failed) errno = EIO;
    return failed ? -1 : closed;
}

#define WRITES (O_CREAT | O_TRUNC | O_WRONLY | O_RDWR)
#define OPENING(name, below, parameters, arguments) \
    int name parameters { \
        REAL(name); \
        char full[PATH_MAX]; \
        va_list rest; \
        va_start(rest, flags); \
        mode_t bits = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
        va_end(rest); \
        int saved = errno; \
        if (flags & WRITES && concerns(below, path, full) && fails(#name, full)) return -1; \
        errno = saved; \
        return real arguments; \
    }
OPENING(open, AT_FDCWD, (const char *path, int flags, ...), (path, flags, bits))
OPENING(open64, AT_FDCWD, (const char *path, int flags, ...), (path, flags, bits))
OPENING(openat, below, (int below, const char *path, int flags, ...), (below, path, flags, bits))
OPENING(openat64, below, (int below, const char *path, int flags, ...), (below, path, flags, bits))

#define STREAM(name) \
    FILE *name(const char *path, const char *how) { \
        REAL(name); \
        char full[PATH_MAX]; \
        int saved = errno; \
        if (strpbrk(how, "wa+") && concerns(AT_FDCWD, path, full) && fails(#name, full)) return NULL; \
        errno = saved; \
        return real(path, how); \
    }
STREAM(fopen)
STREAM(fopen64)
