// Starts a command as amazon-ssm-agent does: a session of its own, standard input as its controlling terminal, found
// on PATH, no shell. Usage: starter STATUS_FD WORD... ; says on STATUS_FD why a command could not be started, in Go's
// words.
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

static int complain(int status, const char *path) {
  const char *why = strerror(errno);
  dprintf(status, "fork/exec %s: %c%s", path, tolower(why[0]), why + 1);
  return 127;
}

// The first file of that name on PATH that may be executed.
static int find(const char *word, char *path) {
  const char *folders = getenv("PATH");
  while (folders != NULL && *folders != '\0') {
    const size_t length = strcspn(folders, ":");
    struct stat found;
    snprintf(path, PATH_MAX, "%.*s/%s", (int)length, folders, word);
    if (length > 0 && stat(path, &found) == 0 && S_ISREG(found.st_mode) && (found.st_mode & 0111) != 0) return 1;
    folders += length + (folders[length] == ':');
  }
  return 0;
}

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  const int status = atoi(argv[1]);
  char path[PATH_MAX];
  fcntl(status, F_SETFD, FD_CLOEXEC);
  setsid();
  if (ioctl(STDIN_FILENO, TIOCSCTTY, 0) != 0) return complain(status, "controlling terminal");
  if (argv[2][0] == '\0') {
    dprintf(status, "exec: no command");
    return 127;
  }
  if (strchr(argv[2], '/') == NULL && !find(argv[2], path)) {
    dprintf(status, "exec: \"%s\": executable file not found in $PATH", argv[2]);
    return 127;
  }
  if (strchr(argv[2], '/') != NULL) snprintf(path, sizeof path, "%s", argv[2]);
  execv(path, argv + 2);
  return complain(status, path);
}
