// Times the start of processes: fork, exec, run, wait. A spawn from JavaScript costs more than what is measured.
//
//   timer ROUNDS COMMAND [ARGS] [:: COMMAND [ARGS]]...
//
// Runs each command once a round, the first one changing from round to round, and prints one JSON array for each
// command: its times in nanoseconds. A command that fails ends the run.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_COMMANDS = 16 };

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

static int64_t run(char **argv, int null) {
    int64_t start = now();
    // vfork: the copy of page tables that fork makes is noise here.
    pid_t child = vfork();
    if (child == 0) {
        dup2(null, 1);
        dup2(null, 2);
        execvp(argv[0], argv);
        _exit(127);
    }
    int status;
    if (child < 0 || waitpid(child, &status, 0) < 0) {
        perror("timer");
        exit(1);
    }
    int64_t elapsed = now() - start;
    if (status != 0) {
        fprintf(stderr, "timer: %s ended with wait status 0x%x\n", argv[0], status);
        exit(1);
    }
    return elapsed;
}

int main(int argc, char **argv) {
    char **commands[MAX_COMMANDS];
    int count = 0;
    int rounds = argc > 2 ? atoi(argv[1]) : 0;
    for (int i = 2; i < argc; i++) {
        if (i > 2 && strcmp(argv[i], "::") != 0) continue;
        if (i > 2) argv[i++] = NULL;
        if (count < MAX_COMMANDS) commands[count++] = argv + i;
    }
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    int64_t *times = calloc((size_t)count * rounds, sizeof *times);
    if (rounds < 1 || count < 1 || null < 0 || times == NULL) {
        fprintf(stderr, "usage: timer ROUNDS COMMAND [ARGS] [:: COMMAND [ARGS]]...\n");
        return 1;
    }
    for (int round = 0; round < rounds; round++) {
        for (int turn = 0; turn < count; turn++) {
            int command = (turn + round) % count;
            times[command * rounds + round] = run(commands[command], null);
        }
    }
    for (int command = 0; command < count; command++) {
        for (int round = 0; round < rounds; round++) {
            printf("%s%lld", round == 0 ? "[" : ",", (long long)times[command * rounds + round]);
        }
        puts("]");
    }
    return 0;
}
