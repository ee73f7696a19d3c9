// What the tests run in containers that may hold nothing else: a static program that says what it was given.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void write_all(int fd, const char *bytes, size_t size) {
  while (size > 0) {
    const ssize_t written = write(fd, bytes, size);
    if (written < 0) {
      if (errno == EINTR) continue;
      exit(99);
    }
    bytes += written;
    size -= (size_t)written;
  }
}

// args CODE WORD...: <WORD> lines on stdout, one line on stderr, exit code CODE.
static int print_arguments(int argc, char **argv) {
  for (int i = 3; i < argc; ++i) printf("<%s>\n", argv[i]);
  fflush(stdout);
  fprintf(stderr, "code %s\n", argv[2]);
  return atoi(argv[2]);
}

// emit OUT ERR: the one file on stdout and the other on stderr, by turns, a few KB at a time.
static int emit(char **argv) {
  const int in[2] = {open(argv[2], O_RDONLY), open(argv[3], O_RDONLY)};
  const int out[2] = {STDOUT_FILENO, STDERR_FILENO};
  char buffer[5000];
  for (int left = 2; left > 0;) {
    left = 0;
    for (int i = 0; i < 2; ++i) {
      const ssize_t size = read(in[i], buffer, sizeof buffer);
      if (size < 0) return 98;
      if (size > 0) ++left;
      write_all(out[i], buffer, (size_t)size);
    }
  }
  return 0;
}

// copy: stdin to stdout, to its end.
static int copy(void) {
  char buffer[16384];
  ssize_t size = 0;
  while ((size = read(STDIN_FILENO, buffer, sizeof buffer)) > 0) write_all(STDOUT_FILENO, buffer, (size_t)size);
  return size < 0 ? 97 : 0;
}

// take N: no more of stdin than that.
static int take(size_t wanted) {
  char byte = 0;
  for (; wanted > 0; --wanted) {
    if (read(STDIN_FILENO, &byte, 1) != 1) return 96;
    write_all(STDOUT_FILENO, &byte, 1);
  }
  return 0;
}

// leave CODE: a child holds stdout and stderr open for ever; the command itself ends.
static int leave(int code) {
  if (fork() == 0) {
    signal(SIGHUP, SIG_IGN);
    for (;;) pause();
  }
  write_all(STDOUT_FILENO, "left\n", 5);
  return code;
}

// Whether stdin, stdout and stderr are terminals.
static int terminals(void) {
  for (int fd = 0; fd < 3; ++fd) printf("%d", isatty(fd));
  printf("\n");
  return 0;
}

// terminal: asks the person at /dev/tty.
static int ask_terminal(void) {
  char answer[100];
  const int fd = open("/dev/tty", O_RDWR | O_NOCTTY);
  if (fd < 0) {
    printf("nobody is there\n");
    return 3;
  }
  const ssize_t size = read(fd, answer, sizeof answer);
  printf("read %zd bytes\n", size);
  return 4;
}

int main(int argc, char **argv) {
  const char *mode = argc > 1 ? argv[1] : "";
  if (strcmp(mode, "args") == 0 && argc > 2) return print_arguments(argc, argv);
  if (strcmp(mode, "emit") == 0 && argc == 4) return emit(argv);
  if (strcmp(mode, "copy") == 0) return copy();
  if (strcmp(mode, "take") == 0 && argc == 3) return take((size_t)atol(argv[2]));
  if (strcmp(mode, "leave") == 0 && argc == 3) return leave(atoi(argv[2]));
  if (strcmp(mode, "terminals") == 0) return terminals();
  if (strcmp(mode, "ask") == 0) return ask_terminal();
  if (strcmp(mode, "die") == 0 && argc == 3) return raise(atoi(argv[2]));
  if (strcmp(mode, "wait") == 0)
    for (;;) pause();
  return 95;
}
