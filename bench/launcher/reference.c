// The reference for the launcher's start: the least that a program in C can do to run a command under the same
// Landlock rules. It checks nothing, proves nothing and knows no profile.
//
//   reference RULES COMMAND [ARGS]
//
// RULES: first line "FS SCOPE FLAGS" (handled access, scopes, flags of landlock_restrict_self), then one line
// "ACCESS PATH" a rule; numbers in hex.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// Of linux/landlock.h, here because the headers of Debian 12 know no scopes.
struct ruleset {
    uint64_t handled_access_fs, handled_access_net, scoped;
};
struct path_beneath {
    uint64_t allowed_access;
    int32_t parent_fd;
} __attribute__((packed));
enum { RULE_PATH_BENEATH = 1 };

static void fail(const char *what) {
    perror(what);
    exit(125);
}

// Reads a whole file, as text that ends with a zero byte.
static char *read_file(const char *path) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) < 0) fail(path);
    char *text = malloc(status.st_size + 1);
    if (text == NULL || read(fd, text, status.st_size) != status.st_size) fail(path);
    close(fd);
    text[status.st_size] = 0;
    return text;
}

int main(int argc, char **argv) {
    if (argc < 3) {
        fprintf(stderr, "usage: reference RULES COMMAND [ARGS]\n");
        return 125;
    }
    char *next = read_file(argv[1]);
    struct ruleset handled = {.handled_access_fs = strtoull(next, &next, 16)};
    handled.scoped = strtoull(next, &next, 16);
    uint32_t flags = strtoul(next, &next, 16);
    int ruleset = syscall(SYS_landlock_create_ruleset, &handled, sizeof handled, 0);
    if (ruleset < 0) fail("landlock_create_ruleset");

    for (next++; *next != 0;) {
        struct path_beneath rule = {.allowed_access = strtoull(next, &next, 16)};
        char *path = next + 1;
        next = strchr(path, '\n');
        if (next == NULL) fail("RULES: no newline at the end");
        *next++ = 0;
        rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
        if (rule.parent_fd < 0) fail(path);
        if (syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule, 0) < 0) fail(path);
        close(rule.parent_fd);
    }

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) fail("PR_SET_NO_NEW_PRIVS");
    if (syscall(SYS_landlock_restrict_self, ruleset, flags) < 0) fail("landlock_restrict_self");
    close(ruleset);
    execvp(argv[2], argv + 2);
    fail(argv[2]);
}
