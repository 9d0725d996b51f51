
/* ---- Regions: everything that was read from shared memory is checked here, once --------------- */

static inline uint32_t sensorium_u32(const uint8_t *at) {
  uint32_t value;
  memcpy(&value, at, sizeof value);
  return value;
}

static inline uint32_t sensorium_u16(const uint8_t *at) {
  uint16_t value;
  memcpy(&value, at, sizeof value);
  return value;
}

static inline uint64_t sensorium_u64(const uint8_t *at) {
  uint64_t value;
  memcpy(&value, at, sizeof value);
  return value;
}

static inline sensorium_status sensorium_fail(sensorium_t *s, sensorium_status status,
                                              const char *message, const char *remedy) {
  if (message != s->message) snprintf(s->message, sizeof s->message, "%s", message);
  if (remedy != s->remedy) snprintf(s->remedy, sizeof s->remedy, "%s", remedy);
  return status;
}

static inline void sensorium_region_unmap(sensorium_region_t *r) {
#if defined(_WIN32)
  if (r->base) UnmapViewOfFile(r->base);
  if (r->waiters) UnmapViewOfFile(r->waiters);
  if (r->event) CloseHandle(r->event);
#else
  if (r->base) munmap(r->base, (size_t)r->size);
  if (r->waiters) munmap(r->waiters, SENSORIUM_WAITERS_SIZE);
#endif
  r->base = NULL;
  r->waiters = NULL;
  r->event = NULL;
  r->size = 0;
}

#if defined(_WIN32)
/* Windows has no futex across processes: each sleeper of a region takes a seat there, an event of
 * its own that resets itself, and leaves a lease in the seat's word of the waiters' page. */
static inline const char *sensorium_seat_name(const sensorium_region_t *r, uint32_t seat, char name[96]) {
  snprintf(name, 96, "Local\\sensorium-%08lx%08lx-%08lx%08lx-%.16s-%u", (unsigned long)(r->started_ns >> 32),
           (unsigned long)(r->started_ns & 0xffffffffu), (unsigned long)(r->generation >> 32),
           (unsigned long)(r->generation & 0xffffffffu), (const char *)(r->base + SENSORIUM_HEADER_REGION),
           (unsigned)seat);
  return name;
}

/* Takes the first free seat: the system gives a name to the first who asks. 0: none is free. */
static inline int sensorium_take_seat(sensorium_region_t *r) {
  char name[96];
  uint32_t seat;
  for (seat = 0; !r->event && seat < SENSORIUM_SEATS; seat++) {
    HANDLE event = CreateEventA(NULL, FALSE, FALSE, sensorium_seat_name(r, seat, name));
    if (event && GetLastError() == ERROR_ALREADY_EXISTS) CloseHandle(event);
    else if (event) {
      r->event = event;
      r->seat = seat;
    }
  }
  return r->event != NULL;
}

static inline void sensorium_wake_seats(const sensorium_region_t *r, uint64_t now_ns) {
  char name[96];
  uint32_t seat;
  for (seat = 0; seat < SENSORIUM_SEATS; seat++) {
    HANDLE event;
    if (sensorium_load(r->waiters + 8u * (SENSORIUM_FIRST_SEAT + seat)) <= now_ns) continue;
    event = OpenEventA(EVENT_MODIFY_STATE, FALSE, sensorium_seat_name(r, seat, name));
    if (!event) continue;
    SetEvent(event);
    CloseHandle(event);
  }
}
#endif

/* Checks a mapping of `r->size` bytes; on failure it is unmapped again. */
static inline sensorium_status sensorium_region_check(sensorium_t *s, sensorium_region_t *r) {
  const uint8_t *base = r->base;
  uint64_t size = 0, table, stride, entries;
  const char *fault = NULL;
  if (r->size < SENSORIUM_HEADER_BYTES || sensorium_load(base + SENSORIUM_HEADER_MAGIC) != SENSORIUM_MAGIC)
    fault = "the region has another magic: not Sensorium's";
  if (!fault) {
    r->layout_major = sensorium_u32(base + SENSORIUM_HEADER_LAYOUT_MAJOR);
    r->layout_minor = sensorium_u32(base + SENSORIUM_HEADER_LAYOUT_MINOR);
    s->daemon_major = r->layout_major;
    s->daemon_minor = r->layout_minor;
    if (r->layout_major != SENSORIUM_LAYOUT_MAJOR) {
      snprintf(s->message, sizeof s->message, "the daemon's layout is %lu.%lu, this client's is %d.%d",
               (unsigned long)r->layout_major, (unsigned long)r->layout_minor,
               SENSORIUM_LAYOUT_MAJOR, SENSORIUM_LAYOUT_MINOR);
      sensorium_region_unmap(r);
      r->status = SENSORIUM_VERSION;
      return sensorium_fail(s, r->status, s->message, "use the sensorium.h that came with the daemon");
    }
    size = sensorium_u64(base + SENSORIUM_HEADER_SIZE);
    entries = sensorium_u32(base + SENSORIUM_HEADER_ENTRIES);
    table = sensorium_u32(base + SENSORIUM_HEADER_TABLE);
    stride = sensorium_u32(base + SENSORIUM_HEADER_ENTRY_STRIDE);
    if (size > r->size || size < SENSORIUM_HEADER_BYTES) fault = "the region is smaller than it says";
    else if (table % 8 || stride % 8 || stride < SENSORIUM_ENTRY_BYTES || table > size ||
             entries * stride > size - table)
      fault = "the region's table does not fit its size";
  }
  if (fault) {
    sensorium_region_unmap(r);
    r->status = SENSORIUM_BAD;
    return sensorium_fail(s, r->status, fault, "");
  }
  r->generation = sensorium_u64(base + SENSORIUM_HEADER_GENERATION);
  r->started_ns = sensorium_u64(base + SENSORIUM_HEADER_STARTED_NS);
  r->foreign_clock = sensorium_u32(base + SENSORIUM_HEADER_CLOCK_ID) != SENSORIUM_CLOCK;
  r->clock_offset_ns = 0;
  r->clock_heartbeat_ns = 0;
  r->status = SENSORIUM_OK;
  return SENSORIUM_OK;
}

/* The daemon's time for our `now_ns`. With another clock (a Windows game on a Linux daemon) each
 * new heartbeat gives an upper bound of ours - theirs; the smallest stands, and may grow by 500
 * ppm so that it follows two clocks that drift. */
static inline uint64_t sensorium_their_now(sensorium_region_t *r, uint64_t heartbeat_ns, uint64_t now_ns) {
  if (SENSORIUM_UNLIKELY(r->foreign_clock)) {
    if (heartbeat_ns != r->clock_heartbeat_ns) {
      int64_t seen = (int64_t)(now_ns - heartbeat_ns);
      int64_t drift = (int64_t)((now_ns - r->clock_seen_ns) / 2000);
      if (!r->clock_heartbeat_ns || seen < r->clock_offset_ns + drift) r->clock_offset_ns = seen;
      else r->clock_offset_ns += drift;
      r->clock_heartbeat_ns = heartbeat_ns;
      r->clock_seen_ns = now_ns;
    }
    return now_ns - (uint64_t)r->clock_offset_ns;
  }
  return now_ns;
}

/* Watches two heartbeats so that the first estimate is good to about a millisecond. */
static inline void sensorium_clock_settle(sensorium_region_t *r) {
  const uint8_t *word = r->base + SENSORIUM_HEADER_HEARTBEAT_NS;
  uint64_t start = sensorium_now_ns(), now, heartbeat;
  if (!r->foreign_clock) return;
  sensorium_their_now(r, sensorium_load(word), start);
  do {
    sensorium_nap(1);
    now = sensorium_now_ns();
    heartbeat = sensorium_load(word);
  } while (heartbeat == r->clock_heartbeat_ns && now - start < 600000000u);
  sensorium_their_now(r, heartbeat, now);
}
