
/* ---- Waiting, outside the frame ------------------------------------------------------------- */

#define SENSORIUM_WAIT_MAX 64
#if defined(_WIN32)
#define SENSORIUM_NAP_NS 50000000u /* a daemon of another logon session cannot reach our event */
#else
#define SENSORIUM_NAP_NS 1000000000u
#endif

static inline uint64_t sensorium_seen(const sensorium_channel_t *c) { return c->follows ? c->cursor - 1 : c->n; }

static inline uint64_t sensorium_latest(const sensorium_channel_t *c) {
  return sensorium_load(c->entry + SENSORIUM_ENTRY_LATEST);
}

#if defined(__linux__)
/* Sleeps until one of the counters leaves the value that was seen; a spurious return is fine. */
static inline int sensorium_sleep_on(sensorium_channel_t *const *channels, uint32_t count, uint64_t nap_ns) {
  struct {
    uint64_t value, address;
    uint32_t flags, reserved;
  } words[SENSORIUM_WAIT_MAX]; /* struct futex_waitv of linux/futex.h */
  struct timespec time;
  uint64_t end = sensorium_now_ns() + nap_ns;
  uint32_t i;
  if (count == 1) {
    time.tv_sec = (time_t)(nap_ns / 1000000000u);
    time.tv_nsec = (long)(nap_ns % 1000000000u);
    syscall(SYS_futex, channels[0]->entry + SENSORIUM_ENTRY_LATEST, 0 /* FUTEX_WAIT */,
            (uint32_t)sensorium_seen(channels[0]), &time, NULL, 0);
    return 1;
  }
  for (i = 0; i < count; i++) {
    words[i].value = (uint32_t)sensorium_seen(channels[i]);
    words[i].address = (uint64_t)(uintptr_t)(channels[i]->entry + SENSORIUM_ENTRY_LATEST);
    words[i].flags = 2; /* FUTEX2_SIZE_U32 */
    words[i].reserved = 0;
  }
  time.tv_sec = (time_t)(end / 1000000000u);
  time.tv_nsec = (long)(end % 1000000000u);
  return syscall(449 /* futex_waitv */, words, count, 0, &time, CLOCK_MONOTONIC) >= 0 || errno != ENOSYS;
}

static inline int sensorium_lease(sensorium_region_t *r, uint64_t until_ns) {
  (void)r;
  (void)until_ns;
  return 1;
}
#else
/* Says until when this session may sleep in the region; 0: every seat is taken. */
static inline int sensorium_lease(sensorium_region_t *r, uint64_t until_ns) {
  if (!sensorium_take_seat(r)) return 0;
  sensorium_store(r->waiters + 8u * (SENSORIUM_FIRST_SEAT + r->seat), until_ns);
  return 1;
}

/* Sleeps until a record is written in one of the channels' regions. */
static inline int sensorium_sleep_on(sensorium_channel_t *const *channels, uint32_t count, uint64_t nap_ns) {
  HANDLE events[SENSORIUM_WAIT_MAX];
  DWORD used = 0, place;
  uint32_t i;
  for (i = 0; i < count; i++) {
    for (place = 0; place < used && events[place] != channels[i]->region->event;) place++;
    if (place == used) events[used++] = channels[i]->region->event;
  }
  return WaitForMultipleObjects(used, events, FALSE, (DWORD)((nap_ns + 999999u) / 1000000u)) != WAIT_FAILED;
}
#endif

/* Sleeps until one of the channels has a record that was not returned yet: OK; SAME when
 * `timeout_ns` is over; CLOSED when none can be reached. At most 64 channels. */
static inline sensorium_status sensorium_wait(sensorium_channel_t *const *channels, uint32_t count,
                                              uint64_t timeout_ns) {
  uint64_t end = sensorium_now_ns() + timeout_ns;
  int can_sleep = 1;
  uint32_t i;
  if (!count || count > SENSORIUM_WAIT_MAX) return SENSORIUM_BAD;
  for (;;) {
    uint64_t now = sensorium_now_ns(), nap;
    uint32_t reachable = 0;
    for (i = 0; i < count; i++) {
      sensorium_channel_t *c = channels[i];
      if (c->binding != c->session->binding) sensorium_follow(c);
      if (!c->base || sensorium_gone(c) != SENSORIUM_OK) continue;
      reachable++;
      if (!c->region->waiters || c->region->foreign_clock) can_sleep = 0;
      else if (!sensorium_lease(c->region, now + 2000000000u)) can_sleep = 0;
      else sensorium_store(c->region->waiters + 8u * c->index, now + 2000000000u);
    }
    if (reachable != count) return SENSORIUM_CLOSED;
    sensorium_fence_full();
    for (i = 0; i < count; i++)
      if (sensorium_latest(channels[i]) != sensorium_seen(channels[i])) return SENSORIUM_OK;
    if (now >= end) return SENSORIUM_SAME;
    nap = end - now < SENSORIUM_NAP_NS ? end - now : SENSORIUM_NAP_NS;
    if (can_sleep && sensorium_sleep_on(channels, count, nap)) continue;
    sensorium_nap(nap < 1000000u ? 0 : 1);
  }
}
