/* A file system with other manners, for programs that are started with this library preloaded.

   SHIM_FOLD: below a folder named "folding", names are compared without regard to case.
   SHIM_NORMALIZE: below a folder named "folding", an accented e is stored in two characters.
   SHIM_REFUSE: dates and permissions cannot be changed (as on SMB, FUSE and WSL). */
#define _GNU_SOURCE
#include <ctype.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char *other(const char *path, char *to) {
    if (!path || !strstr(path, "/folding/") || strlen(path) > PATH_MAX - 2) return path;
    const char *last = strrchr(path, '/') + 1;
    char *end = to + (last - path);
    memcpy(to, path, last - path);
    for (; *last; last++) {
        if (getenv("SHIM_NORMALIZE") && !strncmp(last, "\xc3\xa9", 2)) {
            memcpy(end, "e\xcc\x81", 3), end += 3, last++;
        } else {
            *end++ = getenv("SHIM_FOLD") ? tolower((unsigned char)*last) : *last;
        }
    }
    *end = 0;
    return to;
}

#define REAL(name) __typeof__(&name) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)
#define OPEN(name)                                                     \
    int name(const char *path, int flags, ...) {                       \
        char to[PATH_MAX]; va_list rest; va_start(rest, flags);        \
        mode_t mode = va_arg(rest, mode_t); va_end(rest);              \
        REAL(name); return real(other(path, to), flags, mode);         \
    }
OPEN(open)
OPEN(open64)
#define STAT(name, type)                                               \
    int name(const char *path, struct type *found) {                   \
        char to[PATH_MAX]; REAL(name); return real(other(path, to), found); \
    }
STAT(stat, stat) STAT(lstat, stat) STAT(stat64, stat64) STAT(lstat64, stat64)
#define FSTATAT(name, type)                                            \
    int name(int at, const char *path, struct type *found, int flags) { \
        char to[PATH_MAX]; REAL(name); return real(at, other(path, to), found, flags); \
    }
FSTATAT(fstatat, stat) FSTATAT(fstatat64, stat64)
int unlink(const char *path) {
    char to[PATH_MAX]; REAL(unlink); return real(other(path, to));
}
int rename(const char *one, const char *two) {
    char to[PATH_MAX], also[PATH_MAX]; REAL(rename);
    return real(other(one, to), other(two, also));
}
int link(const char *one, const char *two) {
    char to[PATH_MAX], also[PATH_MAX]; REAL(link);
    return real(other(one, to), other(two, also));
}
int futimens(int file, const struct timespec times[2]) {
    REAL(futimens);
    return getenv("SHIM_REFUSE") ? (errno = EPERM, -1) : real(file, times);
}
int fchmod(int file, mode_t mode) {
    REAL(fchmod);
    return getenv("SHIM_REFUSE") ? (errno = EPERM, -1) : real(file, mode);
}
