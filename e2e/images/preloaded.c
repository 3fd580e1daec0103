// A library that the dynamic loader runs before main: it says in which program it runs and whether it can read
// /etc/shadow there. Before the sandbox it could.
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <errno.h>
#include <unistd.h>

__attribute__((constructor)) static void report(void) {
  char program[256] = {0};
  (void)!readlink("/proc/self/exe", program, sizeof program - 1);
  int file = open("/etc/shadow", O_RDONLY);
  printf("preloaded:%s=%s\n", program, file >= 0 ? "ok" : errno == EACCES ? "EACCES" : strerror(errno));
  fflush(stdout);
  if (file >= 0) {
    close(file);
  }
}
