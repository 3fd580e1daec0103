// Tries operations and prints what the kernel answered: reads one a line from standard input, words separated by tabs,
// and prints the line, ` = ` and `ok` or an errno's name. Static, so that it needs no more of the world than itself.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <netinet/in.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

// Closes what an operation opened and keeps its errno.
static long closed(long descriptor) {
  if (descriptor >= 0) {
    close((int)descriptor);
  }
  return descriptor;
}

static long opened(const char *path, int flags) {
  return closed(open(path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0644));
}

static long list(const char *path) {
  DIR *directory = opendir(path);
  if (directory == NULL) {
    return -1;
  }
  errno = 0;
  while (readdir(directory) != NULL) {
  }
  int number = errno;
  closedir(directory);
  errno = number;
  return number == 0 ? 0 : -1;
}

// Opens for writing with a right that was there at open, then truncates by descriptor.
static long truncate_opened(const char *path) {
  int descriptor = open(path, O_WRONLY | O_CLOEXEC);
  long result = descriptor < 0 ? -1 : ftruncate(descriptor, 0);
  closed(descriptor);
  return result;
}

// Opens by file handle, which walks no path.
static long open_by_handle(const char *path) {
  struct {
    struct file_handle head;
    unsigned char bytes[MAX_HANDLE_SZ];
  } handle = {.head.handle_bytes = MAX_HANDLE_SZ};
  int mount_id;
  if (name_to_handle_at(AT_FDCWD, path, &handle.head, &mount_id, 0) < 0) {
    return -1;
  }
  int mount_point = open("/tree/both", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  long result = mount_point < 0 ? -1 : closed(open_by_handle_at(mount_point, &handle.head, O_RDONLY | O_CLOEXEC));
  closed(mount_point);
  return result;
}

static long openat2_beneath_root(const char *path) {
  struct open_how how = {.flags = O_RDONLY | O_CLOEXEC, .resolve = RESOLVE_NO_MAGICLINKS};
  return closed(syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how));
}

// Sends a request that no device knows: ENOTTY says that it arrived.
static long ask_device(const char *path) {
  int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  long result = descriptor < 0 ? -1 : ioctl(descriptor, _IO('K', 0x7f));
  closed(descriptor);
  return result;
}

// Starts a program, by path or by descriptor: 0 when it could be started, whatever it returned.
static long execute(const char *path, int by_descriptor) {
  int report[2];
  if (pipe2(report, O_CLOEXEC) < 0) {
    return -1;
  }
  pid_t child = fork();
  if (child == 0) {
    char *arguments[] = {(char *)path, "--version", NULL};
    dup2(open("/dev/null", O_RDWR), 1);
    dup2(1, 2);
    if (by_descriptor) {
      int program = open(path, O_PATH | O_CLOEXEC);
      syscall(SYS_execveat, program, "", arguments, environ, AT_EMPTY_PATH);
    } else {
      execve(path, arguments, environ);
    }
    int number = errno;
    (void)!write(report[1], &number, sizeof number);
    _exit(1);
  }
  close(report[1]);
  int number = 0;
  (void)!read(report[0], &number, sizeof number);
  close(report[0]);
  waitpid(child, NULL, 0);
  errno = number;
  return number == 0 ? 0 : -1;
}

enum purpose { connecting, binding };

static long inet(int type, int protocol, enum purpose purpose, const char *port) {
  int peer = socket(AF_INET, type | SOCK_CLOEXEC, protocol);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(port)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  long result = peer < 0 ? -1 : (purpose == connecting ? connect : bind)(peer, (struct sockaddr *)&address, sizeof address);
  closed(peer);
  return result;
}

static long inet6(enum purpose purpose, const char *port) {
  int peer = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_port = htons(atoi(port)), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
  long result = peer < 0 ? -1 : (purpose == connecting ? connect : bind)(peer, (struct sockaddr *)&address, sizeof address);
  closed(peer);
  return result;
}

static long send_udp(const char *port) {
  int peer = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(port)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  long result = peer < 0 ? -1 : sendto(peer, "x", 1, 0, (struct sockaddr *)&address, sizeof address);
  closed(peer);
  return result;
}

// TCP Fast Open connects without connect(2).
static long send_fast_open(const char *port) {
  int peer = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(port)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  long result = peer < 0 ? -1 : sendto(peer, "x", 1, MSG_FASTOPEN, (struct sockaddr *)&address, sizeof address);
  closed(peer);
  return result;
}

// Listening without bind(2) takes a free port.
static long listen_unbound(void) {
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  long result = listener < 0 ? -1 : listen(listener, 1);
  closed(listener);
  return result;
}

static socklen_t unix_address(struct sockaddr_un *address, const char *path) {
  *address = (struct sockaddr_un){.sun_family = AF_UNIX};
  size_t length = strlen(path);
  memcpy(address->sun_path, path, length);
  if (path[0] == '@') {
    address->sun_path[0] = 0;
  }
  return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
}

static long unix_socket(enum purpose purpose, const char *path) {
  struct sockaddr_un address;
  socklen_t length = unix_address(&address, path);
  int peer = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  long result = peer < 0 ? -1 : (purpose == connecting ? connect : bind)(peer, (struct sockaddr *)&address, length);
  closed(peer);
  return result;
}

// Connects to an abstract socket of the sandbox's own.
static long connect_own_abstract(void) {
  struct sockaddr_un address;
  socklen_t length = unix_address(&address, "@inside");
  int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  long result = bind(listener, (struct sockaddr *)&address, length) < 0 || listen(listener, 1) < 0
                    ? -1
                    : unix_socket(connecting, "@inside");
  closed(listener);
  return result;
}

static long signal_child(int number) {
  pid_t child = fork();
  if (child == 0) {
    pause();
    _exit(0);
  }
  long result = kill(child, number);
  kill(child, SIGKILL);
  waitpid(child, NULL, 0);
  return result;
}

static long trace(pid_t pid) {
  long result = ptrace(PTRACE_SEIZE, pid, 0, 0);
  if (result == 0) {
    ptrace(PTRACE_INTERRUPT, pid, 0, 0);
    waitpid(pid, NULL, __WALL);
    ptrace(PTRACE_DETACH, pid, 0, 0);
  }
  return result;
}

static long change_directory(const char *path) {
  long result = chdir(path);
  return chdir("/") < 0 ? -1 : result;
}

static long try(const char *verb, const char *path, const char *other) {
#define IS(name) (strcmp(verb, name) == 0)
  if (IS("open-read")) return opened(path, O_RDONLY);
  if (IS("open-write")) return opened(path, O_WRONLY);
  if (IS("open-read-write")) return opened(path, O_RDWR);
  if (IS("open-append")) return opened(path, O_WRONLY | O_APPEND);
  if (IS("open-truncate")) return opened(path, O_WRONLY | O_TRUNC);
  if (IS("open-read-truncate")) return opened(path, O_RDONLY | O_TRUNC);
  if (IS("open-path")) return opened(path, O_PATH);
  if (IS("open-handle")) return open_by_handle(path);
  if (IS("open-openat2")) return openat2_beneath_root(path);
  if (IS("create")) return opened(path, O_WRONLY | O_CREAT | O_EXCL);
  if (IS("create-unnamed")) return opened(path, O_WRONLY | O_TMPFILE);
  if (IS("list")) return list(path);
  if (IS("truncate")) return truncate(path, 0);
  if (IS("ftruncate")) return truncate_opened(path);
  if (IS("mkdir")) return mkdir(path, 0755);
  if (IS("rmdir")) return rmdir(path);
  if (IS("unlink")) return unlink(path);
  if (IS("symlink")) return symlink(other, path);
  if (IS("readlink")) return readlink(path, (char[256]){0}, 256);
  if (IS("link")) return link(path, other);
  if (IS("rename")) return rename(path, other);
  if (IS("exchange")) return syscall(SYS_renameat2, AT_FDCWD, path, AT_FDCWD, other, RENAME_EXCHANGE);
  if (IS("mknod-regular")) return mknod(path, S_IFREG | 0644, 0);
  if (IS("mknod-fifo")) return mknod(path, S_IFIFO | 0644, 0);
  if (IS("mknod-socket")) return mknod(path, S_IFSOCK | 0644, 0);
  if (IS("mknod-character")) return mknod(path, S_IFCHR | 0644, makedev(1, 3));
  if (IS("mknod-block")) return mknod(path, S_IFBLK | 0644, makedev(7, 0));
  if (IS("chmod")) return chmod(path, 0600);
  if (IS("chown")) return chown(path, 1, 1);
  if (IS("utime")) return utimensat(AT_FDCWD, path, NULL, 0);
  if (IS("setxattr")) return setxattr(path, "user.test", "x", 1, 0);
  if (IS("stat")) return stat(path, &(struct stat){0});
  if (IS("statfs")) return statfs(path, &(struct statfs){0});
  if (IS("access-read")) return access(path, R_OK);
  if (IS("chdir")) return change_directory(path);
  if (IS("execute")) return execute(path, 0);
  if (IS("execute-descriptor")) return execute(path, 1);
  if (IS("ioctl")) return ask_device(path);
  if (IS("bind-mount")) return mount(path, other, NULL, MS_BIND, NULL);
  if (IS("remount")) return mount(NULL, path, NULL, MS_REMOUNT | MS_RDONLY, NULL);
  if (IS("unmount")) return umount2(path, 0);
  if (IS("connect-tcp")) return inet(SOCK_STREAM, 0, connecting, path);
  if (IS("connect-tcp6")) return inet6(connecting, path);
  if (IS("connect-mptcp")) return inet(SOCK_STREAM, IPPROTO_MPTCP, connecting, path);
  if (IS("bind-mptcp")) return inet(SOCK_STREAM, IPPROTO_MPTCP, binding, path);
  if (IS("raw-socket")) return closed(socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_TCP));
  if (IS("netlink-socket")) return closed(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0));
  if (IS("connect-fast-open")) return send_fast_open(path);
  if (IS("connect-udp")) return inet(SOCK_DGRAM, 0, connecting, path);
  if (IS("send-udp")) return send_udp(path);
  if (IS("bind-tcp")) return inet(SOCK_STREAM, 0, binding, path);
  if (IS("bind-tcp6")) return inet6(binding, path);
  if (IS("bind-udp")) return inet(SOCK_DGRAM, 0, binding, path);
  if (IS("listen-unbound")) return listen_unbound();
  if (IS("connect-unix")) return unix_socket(connecting, path);
  if (IS("bind-unix")) return unix_socket(binding, path);
  if (IS("connect-own-abstract")) return connect_own_abstract();
  if (IS("signal")) return kill(atoi(path), atoi(other));
  if (IS("signal-parent")) return kill(getppid(), atoi(path));
  if (IS("signal-self")) return kill(getpid(), atoi(path));
  if (IS("signal-child")) return signal_child(atoi(path));
  if (IS("trace")) return trace(atoi(path));
#undef IS
  fprintf(stderr, "prober: unknown operation %s\n", verb);
  exit(1);
}

int main(int count, char **arguments) {
  (void)arguments;
  if (count > 1) {
    return 0; // as a program to be started
  }
  signal(SIGUSR1, SIG_IGN);
  static char line[4096];
  while (fgets(line, sizeof line, stdin) != NULL) {
    line[strcspn(line, "\n")] = 0;
    char words[sizeof line];
    strcpy(words, line);
    char *rest = words;
    const char *verb = strsep(&rest, "\t");
    const char *path = strsep(&rest, "\t");
    const char *other = strsep(&rest, "\t");
    errno = 0;
    long result = try(verb, path == NULL ? "" : path, other == NULL ? "" : other);
    printf("%s = %s\n", line, result < 0 ? strerrorname_np(errno) : "ok");
  }
  return 0;
}
