// Tries operations and reports what the kernel answered: `probe OPERATION:ARGUMENT ...` prints one line for each,
// `OPERATION:ARGUMENT=` and then `ok`, an errno's name, or the value asked for. It needs no shell and no library
// of the image, so the same program runs in all of them.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static char result[1 << 16];

static const char *errno_name(int number) {
  static const struct {
    int number;
    const char *name;
  } names[] = {
      {EPERM, "EPERM"},     {ENOENT, "ENOENT"},   {ESRCH, "ESRCH"},     {EIO, "EIO"},           {ENXIO, "ENXIO"},
      {EACCES, "EACCES"},   {EEXIST, "EEXIST"},   {EXDEV, "EXDEV"},     {ENOTDIR, "ENOTDIR"},   {EISDIR, "EISDIR"},
      {EINVAL, "EINVAL"},   {ETXTBSY, "ETXTBSY"}, {EROFS, "EROFS"},     {ENOTEMPTY, "ENOTEMPTY"}, {ELOOP, "ELOOP"},
      {ENOEXEC, "ENOEXEC"}, {ENODEV, "ENODEV"},   {ENOTTY, "ENOTTY"},   {ECONNREFUSED, "ECONNREFUSED"}, {ENOSYS, "ENOSYS"},
  };
  for (size_t index = 0; index < sizeof names / sizeof *names; index++) {
    if (names[index].number == number) {
      return names[index].name;
    }
  }
  static char unnamed[16];
  snprintf(unnamed, sizeof unnamed, "errno %d", number);
  return unnamed;
}

static const char *outcome(long returned) {
  return returned < 0 ? errno_name(errno) : "ok";
}

// Opens, does with the file what the mode is for, and closes.
static const char *open_with(const char *path, int flags) {
  int file = open(path, flags | O_CLOEXEC, 0644);
  if (file < 0) {
    return errno_name(errno);
  }
  char byte = 'x';
  long moved = (flags & O_ACCMODE) == O_RDONLY ? read(file, &byte, 1) : write(file, &byte, 1);
  const char *answer = outcome(moved);
  close(file);
  return answer;
}

static const char *list(const char *path) {
  DIR *directory = opendir(path);
  if (directory == NULL) {
    return errno_name(errno);
  }
  result[0] = 0;
  for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
      snprintf(result + strlen(result), sizeof result - strlen(result), "%s%s", result[0] ? "," : "", entry->d_name);
    }
  }
  closedir(directory);
  return result;
}

// A file's content, NUL bytes shown as blanks, without the last newline.
static const char *content(const char *path) {
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    return errno_name(errno);
  }
  ssize_t length = 0;
  for (ssize_t got; (got = read(file, result + length, sizeof result - 1 - length)) > 0;) {
    length += got;
  }
  close(file);
  while (length > 0 && (result[length - 1] == '\n' || result[length - 1] == 0)) {
    length--;
  }
  result[length] = 0;
  for (ssize_t index = 0; index < length; index++) {
    if (result[index] == 0) {
      result[index] = ' ';
    }
  }
  return result;
}

// One field of /proc/self/status.
static const char *status(const char *field) {
  static char value[256];
  FILE *file = fopen("/proc/self/status", "re");
  if (file == NULL) {
    return errno_name(errno);
  }
  char line[512];
  strcpy(value, "absent");
  while (fgets(line, sizeof line, file)) {
    size_t length = strlen(field);
    if (strncmp(line, field, length) == 0 && line[length] == ':') {
      sscanf(line + length + 1, " %255[^\n]", value);
    }
  }
  fclose(file);
  return value;
}

// Starts another program without arguments: `ok` when it ran, whatever it returned.
static const char *execute(const char *path) {
  int report[2];
  if (pipe2(report, O_CLOEXEC) < 0) {
    return errno_name(errno);
  }
  pid_t child = fork();
  if (child == 0) {
    int null = open("/dev/null", O_RDWR);
    dup2(null, 1);
    dup2(null, 2);
    char *arguments[] = {(char *)path, NULL};
    execve(path, arguments, environ);
    int failed = errno;
    (void)!write(report[1], &failed, sizeof failed);
    _exit(126);
  }
  close(report[1]);
  int failed = 0;
  ssize_t got = read(report[0], &failed, sizeof failed);
  close(report[0]);
  waitpid(child, NULL, 0);
  return got == sizeof failed ? errno_name(failed) : "ok";
}

static const char *connect_tcp(const char *port) {
  int peer = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(port)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  const char *answer = outcome(connect(peer, (struct sockaddr *)&address, sizeof address));
  close(peer);
  return answer;
}

static const char *descriptors(void) {
  DIR *directory = opendir("/proc/self/fd");
  if (directory == NULL) {
    return errno_name(errno);
  }
  result[0] = 0;
  for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
    if (entry->d_name[0] != '.' && atoi(entry->d_name) != dirfd(directory)) {
      snprintf(result + strlen(result), sizeof result - strlen(result), "%s%s", result[0] ? "," : "", entry->d_name);
    }
  }
  closedir(directory);
  return result;
}

static const char *try(const char *operation, const char *argument) {
  if (strcmp(operation, "read") == 0) return open_with(argument, O_RDONLY);
  if (strcmp(operation, "write") == 0) return open_with(argument, O_WRONLY | O_APPEND);
  if (strcmp(operation, "create") == 0) return open_with(argument, O_WRONLY | O_CREAT | O_EXCL);
  if (strcmp(operation, "truncate") == 0) return open_with(argument, O_RDONLY | O_TRUNC);
  if (strcmp(operation, "list") == 0) return list(argument);
  if (strcmp(operation, "content") == 0) return content(argument);
  if (strcmp(operation, "mkdir") == 0) return outcome(mkdir(argument, 0755));
  if (strcmp(operation, "unlink") == 0) return outcome(unlink(argument));
  if (strcmp(operation, "exec") == 0) return execute(argument);
  if (strcmp(operation, "connect") == 0) return connect_tcp(argument);
  if (strcmp(operation, "kill") == 0) return outcome(kill(atoi(argument), 0));
  if (strcmp(operation, "status") == 0) return status(argument);
  if (strcmp(operation, "descriptors") == 0) return descriptors();
  if (strcmp(operation, "cwd") == 0) return getcwd(result, sizeof result) ? result : errno_name(errno);
  if (strcmp(operation, "env") == 0) return getenv(argument) ? getenv(argument) : "absent";
  return "unknown operation";
}

static void end(int signal) {
  _exit(signal == SIGTERM ? 0 : 1);
}

int main(int count, char **arguments) {
  signal(SIGTERM, end);
  for (int index = 1; index < count; index++) {
    // `child`: the rest is tried by a child that has been through fork and execve.
    if (strcmp(arguments[index], "child") == 0) {
      pid_t child = fork();
      if (child == 0) {
        arguments[index] = arguments[0];
        execve(arguments[0], arguments + index, environ);
        printf("child=%s\n", errno_name(errno));
        exit(1);
      }
      int ended;
      waitpid(child, &ended, 0);
      return WIFEXITED(ended) ? WEXITSTATUS(ended) : 1;
    }
    // `stay`: run until SIGTERM.
    if (strcmp(arguments[index], "stay") == 0) {
      puts("staying");
      fflush(stdout);
      for (;;) {
        pause();
      }
    }
    char operation[4096];
    snprintf(operation, sizeof operation, "%s", arguments[index]);
    char *argument = strchr(operation, ':');
    if (argument != NULL) {
      *argument++ = 0;
    }
    printf("%s=%s\n", arguments[index], try(operation, argument == NULL ? "" : argument));
    fflush(stdout);
  }
  return 0;
}
