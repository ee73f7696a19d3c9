// Starts a command as amazon-ssm-agent does: a session of its own, standard input as its controlling terminal, found
// on PATH, no shell. Usage: starter STATUS_FD WORD... ; says on STATUS_FD why a command could not be started.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int complain(int status, const char *word) {
  const char *why = errno == ENOENT && strchr(word, '/') == NULL ? "executable file not found in $PATH" : strerror(errno);
  const int is_searched = strchr(word, '/') == NULL;
  dprintf(status, is_searched ? "exec: \"%s\": %s" : "fork/exec %s: %s", word, why);
  return 127;
}

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  const int status = atoi(argv[1]);
  fcntl(status, F_SETFD, FD_CLOEXEC);
  setsid();
  if (ioctl(STDIN_FILENO, TIOCSCTTY, 0) != 0) return complain(status, "controlling terminal");
  execvp(argv[2], argv + 2);
  return complain(status, argv[2]);
}
