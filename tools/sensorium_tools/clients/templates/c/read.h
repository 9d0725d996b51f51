
/* ---- Reading: no system call, no lock, no wait, no allocation --------------------------------- */

#define SENSORIUM_TRIES 4
#define SENSORIUM_DAEMON_MAX_AGE_NS 1000000000u
#define SENSORIUM_FUTURE_NS 1000000000u /* a record from further ahead is of another clock */

static inline void sensorium_take_info(sensorium_channel_t *c, const uint8_t *slot, uint64_t n) {
  sensorium_info_t *info = &c->info;
  info->n = n;
  info->capture_ns = sensorium_u64(slot + SENSORIUM_SLOT_CAPTURE_NS);
  info->publish_ns = sensorium_u64(slot + SENSORIUM_SLOT_PUBLISH_NS);
  info->length = sensorium_u32(slot + SENSORIUM_SLOT_LENGTH);
  info->valid = sensorium_u16(slot + SENSORIUM_SLOT_VALID) == 1;
  info->reason = c->record_reason = sensorium_u16(slot + SENSORIUM_SLOT_REASON);
  memcpy(&info->confidence, slot + SENSORIUM_SLOT_CONFIDENCE, sizeof info->confidence);
  info->precision = slot[SENSORIUM_SLOT_PRECISION];
  info->device = slot[SENSORIUM_SLOT_DEVICE];
  info->flags = sensorium_u16(slot + SENSORIUM_SLOT_FLAGS);
  info->epoch = sensorium_u32(slot + SENSORIUM_SLOT_EPOCH);
  info->engine_hash = sensorium_u32(slot + SENSORIUM_SLOT_ENGINE_HASH);
  memcpy(info->engine, slot + SENSORIUM_SLOT_ENGINE, sizeof info->engine);
  info->engine[sizeof info->engine - 1] = 0;
}

/* Where record n lies in its ring; a division would cost as much as the copy. */
static inline uint64_t sensorium_place(const sensorium_channel_t *c, uint64_t n) {
  return (c->mask ? n & c->mask : n % c->slots) * c->stride;
}

/* Copies record n to `scratch` and, when it was whole, from there to `out`: a torn copy never
 * reaches `out`. */
static inline int sensorium_copy(sensorium_channel_t *c, uint64_t n, void *out, uint8_t *scratch, size_t size) {
  const uint8_t *slot = c->ring + sensorium_place(c, n);
  uint32_t length;
  if (sensorium_load(slot) != 2 * n) return 0;
  memcpy(scratch, slot, SENSORIUM_SLOT_RECORD + size);
  sensorium_fence_acquire();
  if (sensorium_load_plain(slot) != 2 * n) return 0;
  sensorium_take_info(c, scratch, n);
  memcpy(out, scratch + SENSORIUM_SLOT_RECORD, size);
  length = c->info.length;
  if (SENSORIUM_UNLIKELY(length < size)) memset((uint8_t *)out + length, 0, size - length);
  return 1;
}

static inline sensorium_status sensorium_gone(const sensorium_channel_t *c) {
  uint64_t state = sensorium_load_plain(c->base + SENSORIUM_HEADER_STATE);
  if (state == SENSORIUM_REGION_LIVE) return SENSORIUM_OK;
  return state == SENSORIUM_REGION_REVOKED ? SENSORIUM_DENIED : SENSORIUM_CLOSED;
}

static inline sensorium_status sensorium_never_written(sensorium_channel_t *c) {
  uint32_t reason = (uint32_t)sensorium_load_plain(c->entry + SENSORIUM_ENTRY_REASON);
  memset(&c->info, 0, sizeof c->info);
  c->record_reason = 0;
  c->info.reason = reason ? reason : (uint32_t)SENSORIUM_REASON_STARTING;
  return SENSORIUM_INVALID;
}

/* Whether the channel's writer is gone, was switched off, or the daemon is gone. */
static inline int sensorium_abandoned(const sensorium_channel_t *c, uint64_t heartbeat, uint64_t now) {
  uint64_t state = sensorium_load_plain(c->entry + SENSORIUM_ENTRY_STATE);
  return state == SENSORIUM_OWNER_LOST || state == SENSORIUM_OWNER_STOPPED || state == SENSORIUM_OWNER_VACANT ||
         (now > heartbeat && now - heartbeat > SENSORIUM_DAEMON_MAX_AGE_NS);
}

/* Ages the last record; gives STALE, or `fresh` where it is not. */
static inline sensorium_status sensorium_judge(sensorium_channel_t *c, sensorium_status fresh, uint64_t now_ns) {
  uint64_t heartbeat = sensorium_load_plain(c->base + SENSORIUM_HEADER_HEARTBEAT_NS);
  uint64_t now = sensorium_their_now(c->region, heartbeat, now_ns);
  c->info.foreign_clock = c->region->foreign_clock;
  c->info.age_ns = now > c->info.publish_ns ? now - c->info.publish_ns : 0;
  c->info.reason = c->record_reason;
  if (SENSORIUM_UNLIKELY(sensorium_abandoned(c, heartbeat, now))) {
    uint32_t reason = (uint32_t)sensorium_load_plain(c->entry + SENSORIUM_ENTRY_REASON);
    if (reason) c->info.reason = reason;
    return SENSORIUM_STALE;
  }
  if (!c->info.n) return fresh;
  if (c->max_age_ns && c->info.age_ns > c->max_age_ns) return SENSORIUM_STALE;
  if (SENSORIUM_UNLIKELY(c->info.publish_ns > now && c->info.publish_ns - now > SENSORIUM_FUTURE_NS))
    return SENSORIUM_STALE;
  return fresh;
}

static inline sensorium_status sensorium_valid_or(const sensorium_channel_t *c, sensorium_status status) {
  return c->info.valid || status == SENSORIUM_STALE ? status : SENSORIUM_INVALID;
}

/* Reads the newest record. `out` gets `size` bytes when there is one that was not returned before
 * (NEW, or a first STALE or INVALID) and is untouched otherwise: keep one per channel.
 * `scratch` has SENSORIUM_SLOT_RECORD + size bytes. Use sensorium_read_gesture() and its like. */
static inline sensorium_status sensorium_read(sensorium_channel_t *c, void *out, uint8_t *scratch, size_t size,
                                              uint64_t now_ns) {
  sensorium_status status;
  int tries;
  if (SENSORIUM_UNLIKELY(c->binding != c->session->binding)) sensorium_follow(c);
  if (SENSORIUM_UNLIKELY(!c->base)) return c->status;
  status = sensorium_gone(c);
  if (SENSORIUM_UNLIKELY(status != SENSORIUM_OK)) return status;
  c->follows = 0;
  for (tries = 0; tries < SENSORIUM_TRIES; tries++) {
    uint64_t n = sensorium_load(c->entry + SENSORIUM_ENTRY_LATEST);
    if (SENSORIUM_UNLIKELY(n == 0)) return sensorium_never_written(c);
    if (n == c->n) break;
    if (sensorium_copy(c, n, out, scratch, size)) {
      c->n = n;
      return sensorium_valid_or(c, sensorium_judge(c, SENSORIUM_NEW, now_ns));
    }
  }
  if (SENSORIUM_UNLIKELY(c->n == 0)) return sensorium_never_written(c);
  return sensorium_valid_or(c, sensorium_judge(c, SENSORIUM_SAME, now_ns));
}

/* Takes the next record in order: NEW or INVALID with one, SAME or STALE when there is none yet.
 * What was overwritten before it was taken is counted in c->lost. */
static inline sensorium_status sensorium_next(sensorium_channel_t *c, void *out, uint8_t *scratch, size_t size,
                                              uint64_t now_ns) {
  sensorium_status status;
  int tries;
  if (SENSORIUM_UNLIKELY(c->binding != c->session->binding)) sensorium_follow(c);
  if (SENSORIUM_UNLIKELY(!c->base)) return c->status;
  status = sensorium_gone(c);
  if (SENSORIUM_UNLIKELY(status != SENSORIUM_OK)) return status;
  c->follows = 1;
  for (tries = 0; tries < SENSORIUM_TRIES; tries++) {
    uint64_t n = sensorium_load(c->entry + SENSORIUM_ENTRY_LATEST);
    if (c->cursor > n) break;
    if (n - c->cursor >= c->slots - 1) {
      c->lost += n - c->slots + 2 - c->cursor;
      c->cursor = n - c->slots + 2;
    }
    if (sensorium_copy(c, c->cursor, out, scratch, size)) {
      c->cursor++;
      sensorium_judge(c, SENSORIUM_NEW, now_ns);
      c->info.reason = c->record_reason;
      return c->info.valid ? SENSORIUM_NEW : SENSORIUM_INVALID;
    }
    if (sensorium_load(c->entry + SENSORIUM_ENTRY_LATEST) == n) { /* a broken slot: never stand still */
      c->lost++;
      c->cursor++;
    }
  }
  if (c->info.n == 0 && sensorium_load_plain(c->entry + SENSORIUM_ENTRY_LATEST) == 0)
    return sensorium_never_written(c);
  return sensorium_judge(c, SENSORIUM_SAME, now_ns);
}

/* The cursor starts behind the newest record: only later ones are returned (as after bind). */
static inline void sensorium_seek_newest(sensorium_channel_t *c) {
  if (c->binding != c->session->binding) sensorium_follow(c);
  if (c->base) c->cursor = sensorium_load(c->entry + SENSORIUM_ENTRY_LATEST) + 1;
  c->follows = 1;
}

/* The cursor starts at the oldest record that can still be read. */
static inline void sensorium_seek_oldest(sensorium_channel_t *c) {
  uint64_t n;
  if (c->binding != c->session->binding) sensorium_follow(c);
  n = c->base ? sensorium_load(c->entry + SENSORIUM_ENTRY_LATEST) : 0;
  c->cursor = c->base && n + 2 > c->slots ? n + 2 - c->slots : 1;
  if (!c->cursor) c->cursor = 1;
  c->follows = 1;
}

/* 1 when the daemon is gone, stopped or replaced the public region: call sensorium_reconnect
 * outside the frame. Costs a few loads. */
static inline int sensorium_ended(sensorium_t *s, uint64_t now_ns) {
  int i;
  for (i = 0; i < SENSORIUM_REGIONS; i++) {
    sensorium_region_t *r = &s->regions[i];
    uint64_t heartbeat, now;
    if (!r->base) {
      if (i == 0) return 1;
      continue;
    }
    if (sensorium_load_plain(r->base + SENSORIUM_HEADER_STATE) != SENSORIUM_REGION_LIVE) return 1;
    heartbeat = sensorium_load_plain(r->base + SENSORIUM_HEADER_HEARTBEAT_NS);
    now = sensorium_their_now(r, heartbeat, now_ns);
    if (now > heartbeat && now - heartbeat > SENSORIUM_DAEMON_MAX_AGE_NS) return 1;
  }
  return 0;
}
