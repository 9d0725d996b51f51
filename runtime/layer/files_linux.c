/* files_linux.c - see platform.h: files and folders, and who the program is.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#define _GNU_SOURCE
#include "platform.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define IN_MEMORY_TMPFS 0x01021994u
#define IN_MEMORY_RAMFS 0x858458f6u
#define INTERRUPTED_MOST 100 /* times, by the app's signals */

/* A folder that is this user's and that nobody else may write; -1: it is not, or not there. */
static int open_own_folder(int above, const char *path, mode_t forbidden) {
  struct stat about;
  int folder = openat(above, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (folder < 0) return -1;
  if (!fstat(folder, &about) && about.st_uid == geteuid() && !(about.st_mode & forbidden)) return folder;
  close(folder);
  return -1;
}

static int is_in_memory(const char *path) {
  struct statfs about;
  if (statfs(path, &about)) return 0;
  return (uint32_t)about.f_type == IN_MEMORY_TMPFS || (uint32_t)about.f_type == IN_MEMORY_RAMFS;
}

/* The daemon's runtime folder, by the rules of runtime/sensorium/folders.py. */
static int open_runtime_folder(void) {
  char path[PLATFORM_PATH_MAX];
  const char *own = secure_getenv("SENSORIUM_RUNTIME_DIR"), *base = secure_getenv("XDG_RUNTIME_DIR");
  int length;
  if (own && *own) {
    length = snprintf(path, sizeof path, "%s", own);
  } else if (base && *base && is_in_memory(base)) {
    length = snprintf(path, sizeof path, "%s/sensorium", base);
  } else {
    length = snprintf(path, sizeof path, "/dev/shm/sensorium-%lu", (unsigned long)getuid());
  }
  if (length < 0 || (size_t)length >= sizeof path) return -1;
  return open_own_folder(AT_FDCWD, path, S_IWGRP | S_IWOTH);
}

/* At once: on a full tmpfs a later store would be a SIGBUS in the game. */
static int reserve(int file, size_t size) {
  struct rlimit limit;
  int i, failed = EINTR;
  /* Beyond the app's limit it would be sent SIGXFSZ, which ends it. */
  if (getrlimit(RLIMIT_FSIZE, &limit) || limit.rlim_cur < size) return 0;
  for (i = 0; i < INTERRUPTED_MOST && failed == EINTR; i++) failed = posix_fallocate(file, 0, (off_t)size);
  return !failed;
}

static int map_new_file(shared_file_t *shared, size_t size) {
  /* The lock says that this process lives, whatever its number is where the daemon looks. */
  if (flock(shared->file, LOCK_EX | LOCK_NB) || !reserve(shared->file, size)) return 0;
  shared->memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, shared->file, 0);
  if (shared->memory == MAP_FAILED) return 0;
  shared->size = size;
  return 1;
}

enum shared_file_result shared_file_create(shared_file_t *shared, uint32_t serial, size_t size) {
  int runtime = open_runtime_folder(), taken;
  memset(shared, 0, sizeof *shared);
  if (runtime < 0) return SHARED_FILE_NONE;
  shared->folder = open_own_folder(runtime, "layer", S_IRWXG | S_IRWXO);
  close(runtime);
  if (shared->folder < 0) return SHARED_FILE_NONE;
  snprintf(shared->name, sizeof shared->name, "%lu-%lu", (unsigned long)getpid(), (unsigned long)serial);
  shared->file =
      openat(shared->folder, shared->name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (shared->file < 0) {
    taken = errno == EEXIST;
    close(shared->folder);
    return taken ? SHARED_FILE_TAKEN : SHARED_FILE_NONE;
  }
  if (map_new_file(shared, size)) return SHARED_FILE_MADE;
  unlinkat(shared->folder, shared->name, 0);
  close(shared->file);
  close(shared->folder);
  return SHARED_FILE_NONE;
}

void shared_file_remove(shared_file_t *shared) {
  if (!shared->size) return;
  unlinkat(shared->folder, shared->name, 0);
  shared_file_forget(shared);
}

void shared_file_forget(shared_file_t *shared) {
  if (!shared->size) return;
  munmap(shared->memory, shared->size);
  close(shared->file);
  close(shared->folder);
  memset(shared, 0, sizeof *shared);
}

static int read_whole(int file, char *text, size_t size) {
  size_t got = 0;
  ssize_t more = 1;
  while (got < size && (more = read(file, text + got, size - got)) > 0) got += (size_t)more;
  if (more < 0 || got == size) return 0;
  text[got] = '\0';
  return 1;
}

int platform_read_allowed(char *text, size_t size) {
  char path[PLATFORM_PATH_MAX];
  const char *own = secure_getenv("SENSORIUM_CONFIG_DIR"), *base = secure_getenv("XDG_CONFIG_HOME");
  const char *home = secure_getenv("HOME");
  struct stat about;
  int file, length, good;
  if (own && *own) {
    length = snprintf(path, sizeof path, "%s/layer.allow", own);
  } else if (base && *base) {
    length = snprintf(path, sizeof path, "%s/sensorium/layer.allow", base);
  } else {
    length = snprintf(path, sizeof path, "%s/.config/sensorium/layer.allow", home ? home : "");
  }
  if (length < 0 || (size_t)length >= sizeof path) return 0;
  file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC); /* not to hang where it is a pipe */
  if (file < 0) return 0;
  good = !fstat(file, &about) && S_ISREG(about.st_mode) && about.st_uid == geteuid() &&
         !(about.st_mode & (S_IWGRP | S_IWOTH)) && read_whole(file, text, size);
  close(file);
  return good;
}

int platform_program(char *path, size_t size) {
  ssize_t length = readlink("/proc/self/exe", path, size - 1);
  if (length <= 0 || (size_t)length >= size - 1) return 0;
  path[length] = '\0';
  return 1;
}
