
/* ---- Control on Linux: a Unix socket; regions come as file descriptors ------------------------ */

#if defined(__linux__)
static inline void sensorium_control_close(sensorium_t *s) {
  if (s->control >= 0) close((int)s->control);
  s->control = -1;
  s->session = 0;
}

static inline int sensorium_control_open(sensorium_t *s) {
  struct sockaddr_un address;
  struct timeval limit;
  int fd;
  memset(&address, 0, sizeof address);
  address.sun_family = AF_UNIX;
  if (strlen(s->directory) + 14 > sizeof address.sun_path) return 0;
  strcpy(address.sun_path, s->directory);
  strcat(address.sun_path, "/control.sock");
  fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return 0;
  limit.tv_sec = 2;
  limit.tv_usec = 0;
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  if (connect(fd, (struct sockaddr *)&address, sizeof address)) {
    close(fd);
    return 0;
  }
  s->control = fd;
  return 1;
}

static inline int sensorium_receive(int fd, char *at, size_t size) {
  while (size) {
    ssize_t got = recv(fd, at, size, 0);
    if (got <= 0) return 0;
    at += got;
    size -= (size_t)got;
  }
  return 1;
}

/* Sends one request and receives its reply with at most two handles; 0 when control is gone. */
static inline int sensorium_exchange(sensorium_t *s, const char *request, char *reply, size_t size,
                                     intptr_t handles[2]) {
  union {
    char room[CMSG_SPACE(8 * sizeof(int))];
    struct cmsghdr align;
  } box;
  char frame[1024], start[4];
  struct msghdr message;
  struct cmsghdr *part;
  struct iovec piece;
  uint32_t length = (uint32_t)strlen(request);
  size_t sent = 0, total = 4 + (size_t)length;
  ssize_t got;
  int count = 0, fd = (int)s->control;
  handles[0] = handles[1] = -1;
  if (fd < 0 || total > sizeof frame) return 0;
  memcpy(frame, &length, 4);
  memcpy(frame + 4, request, length);
  while (sent < total) {
    got = send(fd, frame + sent, total - sent, MSG_NOSIGNAL);
    if (got <= 0) return 0;
    sent += (size_t)got;
  }
  memset(&message, 0, sizeof message);
  memset(&box, 0, sizeof box);
  piece.iov_base = start;
  piece.iov_len = sizeof start;
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = box.room;
  message.msg_controllen = sizeof box.room;
  got = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
  if (got <= 0) return 0;
  for (part = CMSG_FIRSTHDR(&message); part; part = CMSG_NXTHDR(&message, part)) {
    size_t i, fds;
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    fds = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (i = 0; i < fds; i++) {
      int received;
      memcpy(&received, CMSG_DATA(part) + i * sizeof(int), sizeof received);
      if (count < 2) handles[count++] = received;
      else close(received);
    }
  }
  if (sensorium_receive(fd, start + got, sizeof start - (size_t)got)) {
    memcpy(&length, start, 4);
    if (length < size && sensorium_receive(fd, reply, length)) {
      reply[length] = 0;
      return 1;
    }
  }
  while (count) close((int)handles[--count]);
  handles[0] = handles[1] = -1;
  return 0;
}

/* Maps a waiters' page; NULL when that cannot be done. */
static inline uint8_t *sensorium_map_page(intptr_t handle) {
  struct stat about;
  void *page;
  if (handle < 0 || fstat((int)handle, &about) || about.st_size < SENSORIUM_WAITERS_SIZE) return NULL;
  page = mmap(NULL, SENSORIUM_WAITERS_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, (int)handle, 0);
  return page == MAP_FAILED ? NULL : (uint8_t *)page;
}

/* Maps the region and its waiters' page and closes both descriptors. */
static inline sensorium_status sensorium_map_handles(sensorium_t *s, sensorium_region_t *r, intptr_t handles[2],
                                                     uint64_t size) {
  struct stat about;
  void *base = MAP_FAILED;
  (void)size;
  r->base = r->waiters = NULL;
  if (handles[0] >= 0 && !fstat((int)handles[0], &about) && about.st_size >= SENSORIUM_HEADER_BYTES)
    base = mmap(NULL, (size_t)about.st_size, PROT_READ | (r->writable ? PROT_WRITE : 0), MAP_SHARED,
                (int)handles[0], 0);
  if (base != MAP_FAILED) {
    r->base = (uint8_t *)base;
    r->size = (uint64_t)about.st_size;
    r->waiters = sensorium_map_page(handles[1]);
  }
  if (handles[0] >= 0) close((int)handles[0]);
  if (handles[1] >= 0) close((int)handles[1]);
  if (!r->base) {
    r->status = SENSORIUM_UNAVAILABLE;
    return sensorium_fail(s, r->status, "the daemon's region cannot be mapped", "");
  }
  return sensorium_region_check(s, r);
}

static inline int sensorium_open_file(const char *path) {
  struct stat about;
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd >= 0 && (fstat(fd, &about) || about.st_uid != getuid())) { /* another user's bait */
    close(fd);
    fd = -1;
  }
  return fd;
}

static inline sensorium_status sensorium_map_file(sensorium_t *s, sensorium_region_t *r, const char *path) {
  intptr_t handles[2] = {-1, -1};
  handles[0] = sensorium_open_file(path);
  return sensorium_map_handles(s, r, handles, 0);
}

/* The public region's waiters' page comes over control only, so that no app can cut the file short
 * under the others. Without it waiting naps. The region itself is mapped already. */
static inline void sensorium_open_page(sensorium_t *s) {
  sensorium_region_t *r = &s->regions[SENSORIUM_REGION_PUBLIC];
  char reply[2048];
  intptr_t handles[2];
  if (!r->base || r->waiters || r->foreign_clock) return;
  if (!sensorium_exchange(s, "{\"op\":\"open\",\"region\":\"public\"}", reply, sizeof reply, handles)) {
    sensorium_control_close(s);
    return;
  }
  if (sensorium_json_true(reply, "ok") && sensorium_json_number(reply, "generation") == r->generation)
    r->waiters = sensorium_map_page(handles[1]);
  if (handles[0] >= 0) close((int)handles[0]);
  if (handles[1] >= 0) close((int)handles[1]);
}

/* The daemon keeps its folder in memory: where XDG_RUNTIME_DIR is on a disk, it is in /dev/shm. */
static inline void sensorium_default_directory(sensorium_t *s) {
  const char *base = getenv("XDG_RUNTIME_DIR");
  char *last = base && *base ? s->elsewhere : s->directory;
  if (last == s->elsewhere) snprintf(s->directory, sizeof s->directory, "%s/sensorium", base);
  snprintf(last, sizeof s->elsewhere, "/dev/shm/sensorium-%lu", (unsigned long)getuid());
}
#endif
