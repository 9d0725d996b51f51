
/* ---- Channels ------------------------------------------------------------------------------- */

/* Finds the channel in its region's table and checks that its ring lies inside the mapping. */
static inline sensorium_status sensorium_rebind(sensorium_channel_t *c) {
  sensorium_region_t *r = c->region;
  const uint8_t *entry;
  uint64_t entries, stride, size, offset, i;
  c->binding = c->session->binding;
  c->base = NULL;
  c->status = r->base ? SENSORIUM_BAD : r->status;
  if (!r->base) return c->status;
  size = sensorium_u64(r->base + SENSORIUM_HEADER_SIZE);
  entries = sensorium_u32(r->base + SENSORIUM_HEADER_ENTRIES);
  stride = sensorium_u32(r->base + SENSORIUM_HEADER_ENTRY_STRIDE);
  entry = r->base + sensorium_u32(r->base + SENSORIUM_HEADER_TABLE);
  if (size > r->size) return c->status;
  for (i = 0; i < entries; i++, entry += stride) {
    if (entry + SENSORIUM_ENTRY_BYTES > r->base + r->size) return c->status;
    if (!strncmp((const char *)entry + SENSORIUM_ENTRY_NAME, c->name, SENSORIUM_NAME_BYTES)) break;
  }
  if (i == entries) return c->status;
  c->their_id = sensorium_u32(entry + SENSORIUM_ENTRY_RECORD_ID);
  c->their_major = sensorium_u16(entry + SENSORIUM_ENTRY_RECORD_MAJOR);
  c->their_minor = sensorium_u16(entry + SENSORIUM_ENTRY_RECORD_MINOR);
  c->their_size = sensorium_u32(entry + SENSORIUM_ENTRY_RECORD_SIZE);
  c->slots = sensorium_u32(entry + SENSORIUM_ENTRY_SLOTS);
  c->stride = sensorium_u32(entry + SENSORIUM_ENTRY_STRIDE);
  offset = sensorium_u64(entry + SENSORIUM_ENTRY_OFFSET);
  c->max_age_ns = sensorium_u64(entry + SENSORIUM_ENTRY_MAX_AGE_NS);
  c->index = (uint32_t)(sensorium_u64(entry + SENSORIUM_ENTRY_INDEX) % (SENSORIUM_WAITERS_SIZE / 8));
  if (c->slots < 2 || c->stride % 8 || offset % 8 || offset > size ||
      c->stride < SENSORIUM_SLOT_RECORD + (uint64_t)c->their_size || c->slots > (size - offset) / c->stride)
    return c->status;
  if (c->their_id != c->record_id || c->their_major != c->record_major || c->their_size < c->record_size)
    return c->status = SENSORIUM_VERSION;
  c->mask = c->slots & (c->slots - 1) ? 0 : c->slots - 1;
  c->generation = r->generation;
  c->started_ns = r->started_ns;
  c->ring = r->base + offset;
  c->entry = entry;
  c->base = r->base;
  return c->status = SENSORIUM_OK;
}

/* Follows the session to newly mapped regions. A new generation's numbers start anew. */
static inline void sensorium_follow(sensorium_channel_t *c) {
  uint64_t generation = c->generation, started_ns = c->started_ns;
  if (sensorium_rebind(c) != SENSORIUM_OK || (c->generation == generation && c->started_ns == started_ns)) return;
  c->n = 0;
  c->cursor = 1;
  if (generation) c->resets++;
  else c->cursor = sensorium_load(c->entry + SENSORIUM_ENTRY_LATEST) + 1; /* its first daemon */
}

/* Why a channel is out of reach, in words; `text` of `size` bytes gets one sentence. */
static inline const char *sensorium_explain(const sensorium_channel_t *c, char *text, size_t size) {
  if (c->status == SENSORIUM_VERSION && c->region->base)
    snprintf(text, size,
             "channel %s carries record %lu %lu.%lu of %lu bytes, this client knows record %lu %lu of %lu bytes",
             c->name, (unsigned long)c->their_id, (unsigned long)c->their_major,
             (unsigned long)c->their_minor, (unsigned long)c->their_size, (unsigned long)c->record_id,
             (unsigned long)c->record_major, (unsigned long)c->record_size);
  else if (c->status == SENSORIUM_BAD)
    snprintf(text, size, "channel %s is not in the daemon's table, or does not fit its region", c->name);
  else
    snprintf(text, size, "%s", c->session->message);
  return text;
}
