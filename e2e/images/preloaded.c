// A library that the dynamic loader runs before main: it says in which program it runs and whether it can read
// /etc/shadow there. Before the sandbox it could.
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <errno.h>
#include <unistd.h>

// Makes it an auditing library too (LD_AUDIT, rtld-audit(7)).
unsigned int la_version(unsigned int version) {
  return version;
}

__attribute__((constructor)) static void report(void) {
  char program[256] = {0};
  (void)!readlink("/proc/self/exe", program, sizeof program - 1);
  int file = open("/etc/shadow", O_RDONLY);
  // An auditing library has a libc of its own, whose buffers nobody flushes.
  dprintf(1, "preloaded:%s=%s\n", program, file >= 0 ? "ok" : errno == EACCES ? "EACCES" : strerror(errno));
  if (file >= 0) {
    close(file);
  }
}
