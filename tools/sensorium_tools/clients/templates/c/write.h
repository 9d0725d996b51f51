
/* ---- Writing the app's own region ------------------------------------------------------------- */

/* Publishes one record of a channel that the app owns (its scene, its frame timing). One thread at
 * a time. Wakes a sleeping daemon, which is the only case that costs a system call. */
static inline sensorium_status sensorium_write(sensorium_channel_t *c, const void *record, size_t size,
                                               uint64_t capture_ns, uint64_t now_ns) {
  const uint32_t none = 0x7fc00000u; /* NaN: an app gives no confidence */
  uint8_t *slot, *entry;
  uint64_t n;
  uint32_t length = (uint32_t)size, epoch;
  uint16_t valid = 1;
  sensorium_status status;
  if (SENSORIUM_UNLIKELY(c->binding != c->session->binding)) sensorium_follow(c);
  if (SENSORIUM_UNLIKELY(!c->base)) return c->status;
  if (SENSORIUM_UNLIKELY(!c->region->writable || size > c->stride - SENSORIUM_SLOT_RECORD)) return SENSORIUM_BAD;
  status = sensorium_gone(c);
  if (SENSORIUM_UNLIKELY(status != SENSORIUM_OK)) return status;
  entry = c->region->base + (c->entry - c->base);
  n = sensorium_load(entry + SENSORIUM_ENTRY_LATEST) + 1;
  slot = c->region->base + (c->ring - c->base) + sensorium_place(c, n);
  epoch = (uint32_t)sensorium_load_plain(entry + SENSORIUM_ENTRY_EPOCH);
  sensorium_store(slot, 2 * n - 1);
  sensorium_fence_release();
  memset(slot + SENSORIUM_SLOT_CAPTURE_NS, 0, SENSORIUM_SLOT_RECORD - SENSORIUM_SLOT_CAPTURE_NS);
  memcpy(slot + SENSORIUM_SLOT_CAPTURE_NS, &capture_ns, sizeof capture_ns);
  memcpy(slot + SENSORIUM_SLOT_PUBLISH_NS, &now_ns, sizeof now_ns);
  memcpy(slot + SENSORIUM_SLOT_LENGTH, &length, sizeof length);
  memcpy(slot + SENSORIUM_SLOT_VALID, &valid, sizeof valid);
  memcpy(slot + SENSORIUM_SLOT_CONFIDENCE, &none, sizeof none);
  memcpy(slot + SENSORIUM_SLOT_EPOCH, &epoch, sizeof epoch);
  memcpy(slot + SENSORIUM_SLOT_RECORD, record, size);
  sensorium_store(slot, 2 * n);
  sensorium_store(entry + SENSORIUM_ENTRY_LATEST, n);
  sensorium_store(entry + SENSORIUM_ENTRY_OWNER_HEARTBEAT_NS, now_ns);
  if (c->region->waiters) {
    sensorium_fence_full(); /* the record is out before the lease is looked at */
    if (sensorium_load(c->region->waiters + 8u * c->index) > now_ns) {
#if defined(__linux__)
      syscall(SYS_futex, entry + SENSORIUM_ENTRY_LATEST, 1 /* FUTEX_WAKE */, INT32_MAX, NULL, NULL, 0);
#elif defined(_WIN32)
      sensorium_wake_seats(c->region, now_ns);
#endif
    }
  }
  return SENSORIUM_OK;
}
