// Prints the kernel's audit records, one `type=NUMBER TEXT` a line, from its start to the end of standard input. A line
// read there is sent to the kernel as a record of its own and so comes out behind everything that was recorded before it.
// Auditing is switched on while it runs; what it changed is put back at the end.
#define _GNU_SOURCE
#include <errno.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

// The kernel's MAX_AUDIT_MESSAGE_LENGTH.
enum { message_size = NLMSG_SPACE(8970) };

static _Alignas(struct nlmsghdr) char buffer[message_size];

static int restoring;

static void fail(const char *what, int number) {
  fprintf(stderr, "audit-trail: %s: %s\n", what, strerror(number));
  if (restoring) {
    _exit(EXIT_FAILURE);
  }
  exit(EXIT_FAILURE);
}

static int open_socket(uint32_t groups) {
  int descriptor = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);
  struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = groups};
  if (descriptor < 0 || bind(descriptor, (struct sockaddr *)&address, sizeof address) < 0) {
    fail("cannot open a netlink socket for audit records", errno);
  }
  return descriptor;
}

static struct nlmsghdr *receive(int descriptor, int *length) {
  ssize_t got = recv(descriptor, buffer, sizeof buffer, 0);
  if (got < 0) {
    fail("cannot receive", errno);
  }
  *length = (int)got;
  return (struct nlmsghdr *)buffer;
}

// Sends a request; with `answer`, copies the reply's payload there. Waits for the kernel's acknowledgement.
static void request(int descriptor, uint16_t type, const void *payload, size_t size, struct audit_status *answer) {
  struct nlmsghdr *message = (struct nlmsghdr *)buffer;
  memset(buffer, 0, NLMSG_SPACE(size));
  *message = (struct nlmsghdr){.nlmsg_len = NLMSG_LENGTH(size), .nlmsg_type = type, .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK};
  memcpy(NLMSG_DATA(message), payload, size);
  if (send(descriptor, buffer, message->nlmsg_len, 0) < 0) {
    fail("cannot send", errno);
  }
  for (int acknowledged = 0, answered = answer == NULL; !acknowledged || !answered;) {
    int length;
    for (struct nlmsghdr *reply = receive(descriptor, &length); NLMSG_OK(reply, length); reply = NLMSG_NEXT(reply, length)) {
      if (reply->nlmsg_type == NLMSG_ERROR) {
        int number = -((struct nlmsgerr *)NLMSG_DATA(reply))->error;
        if (number != 0) {
          fail("the kernel refuses", number);
        }
        acknowledged = 1;
      } else if (reply->nlmsg_type == type && answer != NULL) {
        size_t given = reply->nlmsg_len - NLMSG_HDRLEN;
        memcpy(answer, NLMSG_DATA(reply), given < sizeof *answer ? given : sizeof *answer);
        answered = 1;
      }
    }
  }
}

static struct audit_status before;
static int control;

// Puts back what was changed, however the program ends.
static void restore(void) {
  restoring = 1;
  struct audit_status after = {
      .mask = AUDIT_STATUS_ENABLED | AUDIT_STATUS_BACKLOG_LIMIT,
      .enabled = before.enabled,
      .backlog_limit = before.backlog_limit,
  };
  request(control, AUDIT_SET, &after, sizeof after, NULL);
}

// Forwards lines of standard input; returns 0 at its end.
static int forward(void) {
  static char line[256];
  static size_t filled;
  ssize_t got = read(0, line + filled, sizeof line - filled);
  if (got <= 0) {
    return 0;
  }
  filled += (size_t)got;
  for (char *end; (end = memchr(line, '\n', filled)) != NULL;) {
    *end = 0;
    size_t length = (size_t)(end - line) + 1;
    request(control, AUDIT_USER, line, length, NULL);
    filled -= length;
    memmove(line, line + length, filled);
  }
  return 1;
}

int main(void) {
  control = open_socket(0);
  int records = open_socket(1 << (AUDIT_NLGRP_READLOG - 1));
  int queue_bytes = 16 << 20;
  setsockopt(records, SOL_SOCKET, SO_RCVBUFFORCE, &queue_bytes, sizeof queue_bytes);

  request(control, AUDIT_GET, NULL, 0, &before);
  // The backlog of 64 that the kernel starts with loses records of a program that is denied much at once.
  struct audit_status during = {
      .mask = AUDIT_STATUS_ENABLED | AUDIT_STATUS_BACKLOG_LIMIT,
      .enabled = before.enabled == 0 ? 1 : before.enabled,
      .backlog_limit = before.backlog_limit < 8192 ? 8192 : before.backlog_limit,
  };
  atexit(restore);
  request(control, AUDIT_SET, &during, sizeof during, NULL);
  puts("type=0 started");
  fflush(stdout);

  struct pollfd watched[] = {{.fd = 0, .events = POLLIN}, {.fd = records, .events = POLLIN}};
  for (int open = 1; open;) {
    if (poll(watched, 2, -1) < 0) {
      fail("cannot wait", errno);
    }
    if (watched[1].revents != 0) {
      int length;
      struct nlmsghdr *message = receive(records, &length);
      // The kernel's nlmsg_len of a record is that of its text alone, so the datagram's own length counts.
      printf("type=%u %.*s\n", message->nlmsg_type, length - NLMSG_HDRLEN, (char *)NLMSG_DATA(message));
      fflush(stdout);
    }
    if (watched[0].revents != 0) {
      open = forward();
    }
  }
  return 0;
}
