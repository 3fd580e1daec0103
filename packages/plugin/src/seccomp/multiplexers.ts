/** A call of 32-bit x86 that stands for others, by its first argument. */
interface Multiplexer {
  readonly name: string;
  readonly carried: readonly string[];
}

/**
 * What a rule allows of a carried call, libseccomp allows through the multiplexer as well, as far as the filter has no
 * rule for that one with any arguments. https://github.com/seccomp/libseccomp/blob/main/src/arch-x86.c
 */
export const MULTIPLEXERS: readonly Multiplexer[] = [
  {
    name: "socketcall",
    carried: (
      "socket bind connect listen accept getsockname getpeername socketpair send recv sendto recvfrom shutdown setsockopt " +
      "getsockopt sendmsg recvmsg accept4 recvmmsg sendmmsg"
    ).split(" "),
  },
  {
    name: "ipc",
    carried: "semop semget semctl semtimedop msgsnd msgrcv msgget msgctl shmat shmdt shmget shmctl".split(" "),
  },
];
