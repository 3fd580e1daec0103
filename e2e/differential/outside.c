// The first process of the prepared world, and everything in it that is outside of the sandbox:
//   outside SOCKET... -- COMMAND [ARGUMENT]...
// listens on the pathname sockets, on the abstract socket @outside, on TCP ports 7001 to 7004 of both loopback addresses
// and on UDP port 7001, runs the command with no more descriptors than 0 to 2, and ends with its exit code.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static void listen_on(int family, int type, const void *address, socklen_t length) {
  int listener = socket(family, type | SOCK_CLOEXEC, 0);
  int only = 1;
  if (family == AF_INET6) {
    setsockopt(listener, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only);
  }
  if (bind(listener, address, length) < 0 || (type == SOCK_STREAM && listen(listener, 1024) < 0)) {
    perror("outside: cannot listen");
    exit(1);
  }
}

static void listen_unix(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  size_t length = strlen(path);
  memcpy(address.sun_path, path, length);
  if (path[0] == '@') {
    address.sun_path[0] = 0;
  }
  listen_on(AF_UNIX, SOCK_STREAM, &address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length));
}

int main(int count, char **arguments) {
  int next = 1;
  for (; next < count && strcmp(arguments[next], "--") != 0; next++) {
    listen_unix(arguments[next]);
  }
  listen_unix("@outside");
  for (int port = 7001; port <= 7004; port++) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    listen_on(AF_INET, SOCK_STREAM, &address, sizeof address);
    struct sockaddr_in6 address6 = {.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    listen_on(AF_INET6, SOCK_STREAM, &address6, sizeof address6);
  }
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(7001), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  listen_on(AF_INET, SOCK_DGRAM, &address, sizeof address);

  pid_t command = fork();
  if (command == 0) {
    execv(arguments[next + 1], arguments + next + 1);
    perror("outside: cannot run the command");
    _exit(1);
  }
  for (int status;;) {
    pid_t ended = wait(&status);
    if (ended == command) {
      return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
  }
}
