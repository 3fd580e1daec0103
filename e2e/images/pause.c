// The pod sandbox's process: holds the namespaces, reaps orphans of a shared pid namespace, ends on a signal.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void end(int signal) {
  _exit(128 + signal);
}

static void reap(int signal) {
  (void)signal;
  while (waitpid(-1, 0, WNOHANG) > 0) {
  }
}

int main(void) {
  signal(SIGTERM, end);
  signal(SIGINT, end);
  signal(SIGCHLD, reap);
  for (;;) {
    pause();
  }
}
