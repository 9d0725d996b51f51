
/* ---- Control on Windows: a named pipe; regions come as section handles ------------------------ */

#if defined(_WIN32)
static inline void sensorium_control_close(sensorium_t *s) {
  if (s->control != -1) CloseHandle((HANDLE)s->control);
  s->control = -1;
  s->session = 0;
}

static inline int sensorium_control_open(sensorium_t *s) {
  WCHAR path[320] = L"\\\\.\\pipe\\sensorium-";
  DWORD used = (DWORD)wcslen(path), length = 257;
  HANDLE pipe;
  if (!GetUserNameW(path + used, &length)) return 0;
  /* One end listens at a time; while others connect, it is waited for. */
  while ((pipe = CreateFileW(path, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL)) ==
         INVALID_HANDLE_VALUE)
    if (GetLastError() != ERROR_PIPE_BUSY || !WaitNamedPipeW(path, 200)) return 0;
  s->control = (intptr_t)pipe;
  return 1;
}

static inline int sensorium_receive(HANDLE pipe, char *at, size_t size) {
  while (size) {
    DWORD got = 0;
    if (!ReadFile(pipe, at, (DWORD)size, &got, NULL) || !got) return 0;
    at += got;
    size -= got;
  }
  return 1;
}

static inline int sensorium_exchange(sensorium_t *s, const char *request, char *reply, size_t size,
                                     intptr_t handles[2]) {
  HANDLE pipe = (HANDLE)s->control;
  uint32_t length = (uint32_t)strlen(request);
  char frame[1024];
  DWORD sent = 0;
  uint64_t value;
  handles[0] = handles[1] = -1;
  if (s->control == -1 || 4 + (size_t)length > sizeof frame) return 0;
  memcpy(frame, &length, 4);
  memcpy(frame + 4, request, length);
  if (!WriteFile(pipe, frame, 4 + length, &sent, NULL) || sent != 4 + length) return 0;
  if (!sensorium_receive(pipe, frame, 4)) return 0;
  memcpy(&length, frame, 4);
  if (length >= size || !sensorium_receive(pipe, reply, length)) return 0;
  reply[length] = 0;
  value = sensorium_json_number(reply, "handle0");
  if (value) handles[0] = (intptr_t)value;
  value = sensorium_json_number(reply, "handle1");
  if (value) handles[1] = (intptr_t)value;
  return 1;
}

static inline uint64_t sensorium_view_size(const void *view) {
  MEMORY_BASIC_INFORMATION about;
  return VirtualQuery(view, &about, sizeof about) ? (uint64_t)about.RegionSize : 0;
}

static inline sensorium_status sensorium_map_sections(sensorium_t *s, sensorium_region_t *r, HANDLE region,
                                                      HANDLE waiters) {
  r->base = r->waiters = NULL;
  if (region) r->base = (uint8_t *)MapViewOfFile(region, FILE_MAP_READ | (r->writable ? FILE_MAP_WRITE : 0u), 0, 0, 0);
  if (r->base && waiters) r->waiters = (uint8_t *)MapViewOfFile(waiters, FILE_MAP_READ | FILE_MAP_WRITE, 0, 0, 0);
  if (region) CloseHandle(region);
  if (waiters) CloseHandle(waiters);
  if (!r->base) {
    r->status = SENSORIUM_UNAVAILABLE;
    return sensorium_fail(s, r->status, "the daemon's region cannot be mapped", "");
  }
  r->size = sensorium_view_size(r->base);
  return sensorium_region_check(s, r);
}

static inline sensorium_status sensorium_map_handles(sensorium_t *s, sensorium_region_t *r, intptr_t handles[2],
                                                     uint64_t size) {
  (void)size;
  return sensorium_map_sections(s, r, handles[0] == -1 ? NULL : (HANDLE)handles[0],
                                handles[1] == -1 ? NULL : (HANDLE)handles[1]);
}

static inline sensorium_status sensorium_map_file(sensorium_t *s, sensorium_region_t *r, const char *path) {
  HANDLE section = NULL, file = CreateFileA(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                                            NULL, OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, NULL);
  if (file != INVALID_HANDLE_VALUE) {
    section = CreateFileMappingA(file, NULL, PAGE_READONLY, 0, 0, NULL);
    CloseHandle(file);
  }
  return sensorium_map_sections(s, r, section, NULL);
}

/* The public region's waiters' page comes over control only. */
static inline void sensorium_open_page(sensorium_t *s) {
  sensorium_region_t *r = &s->regions[SENSORIUM_REGION_PUBLIC];
  char reply[2048];
  intptr_t handles[2];
  if (!r->base || r->waiters || r->foreign_clock) return;
  if (!sensorium_exchange(s, "{\"op\":\"open\",\"region\":\"public\"}", reply, sizeof reply, handles)) {
    sensorium_control_close(s);
    return;
  }
  if (handles[1] != -1 && sensorium_json_number(reply, "generation") == r->generation)
    r->waiters = (uint8_t *)MapViewOfFile((HANDLE)handles[1], FILE_MAP_READ | FILE_MAP_WRITE, 0, 0, 0);
  if (handles[0] != -1) CloseHandle((HANDLE)handles[0]);
  if (handles[1] != -1) CloseHandle((HANDLE)handles[1]);
}

static inline void sensorium_default_directory(sensorium_t *s) {
  const char *base = getenv("LOCALAPPDATA");
  snprintf(s->directory, sizeof s->directory, "%s\\Temp\\sensorium", base ? base : ".");
}
#endif
