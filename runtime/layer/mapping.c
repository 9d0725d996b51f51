/* mapping.c - see mapping.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "mapping.h"

#include <stdio.h>
#include <string.h>

#define TRIES 16 /* names, where others are taken */

static _Atomic uint32_t next_serial;

/* Texts come from an app: cut to size, with nothing behind the closing NUL. */
static void put_text(char *out, size_t size, const char *text) {
  memset(out, 0, size);
  snprintf(out, size, "%s", text);
}

int mapping_open(mapping_t *mapping, const mapping_about_t *about) {
  layer_header_t *header;
  enum shared_file_result made = SHARED_FILE_TAKEN;
  int i;
  memset(mapping, 0, sizeof *mapping);
  for (i = 0; i < TRIES && made == SHARED_FILE_TAKEN; i++)
    made = shared_file_create(&mapping->file, atomic_fetch_add(&next_serial, 1) + 1, LAYER_TOTAL_SIZE);
  if (made != SHARED_FILE_MADE) return 0;
  header = mapping->file.memory;
  header->version = LAYER_VERSION;
  header->header_size = sizeof *header;
  header->frame_size = sizeof(layer_frame_t);
  header->frame_slots = LAYER_FRAMES;
  header->input_size = sizeof(layer_input_t);
  header->input_slots = LAYER_INPUTS;
  header->total_size = LAYER_TOTAL_SIZE;
  header->pid = platform_pid();
  header->mode = about->mode;
  header->started_ns = platform_now_ns();
  header->extensions = about->extensions;
  header->input_hz = about->hz;
  put_text(header->app, sizeof header->app, about->app);
  put_text(header->engine, sizeof header->engine, about->engine);
  put_text(header->runtime, sizeof header->runtime, about->runtime);
  mapping->frames = (layer_frame_t *)(void *)(header + 1);
  mapping->inputs = (layer_input_t *)(void *)(mapping->frames + LAYER_FRAMES);
  mapping->header = header;
  atomic_thread_fence(memory_order_release);
  *(volatile uint64_t *)&header->magic = LAYER_MAGIC;
  return 1;
}

void mapping_close(mapping_t *mapping) {
  if (!mapping->header) return;
  atomic_store_explicit(&mapping->header->ended, 1, memory_order_release);
  mapping->header = NULL;
  shared_file_remove(&mapping->file);
}

void mapping_forget(mapping_t *mapping) {
  mapping->header = NULL;
  shared_file_forget(&mapping->file);
}

/* Writes all of `record` but its first word, which is the slot's sequence. */
static void publish(void *slot, const void *record, size_t size, _Atomic uint64_t *newest, uint64_t n) {
  _Atomic uint64_t *seq = slot;
  atomic_store_explicit(seq, 2 * n - 1, memory_order_relaxed);
  atomic_thread_fence(memory_order_release);
  memcpy((char *)slot + sizeof *seq, (const char *)record + sizeof *seq, size - sizeof *seq);
  atomic_store_explicit(seq, 2 * n, memory_order_release);
  atomic_store_explicit(newest, n, memory_order_release);
}

void mapping_publish_frame(mapping_t *mapping, layer_frame_t *frame) {
  _Atomic uint64_t *newest = &mapping->header->frames;
  uint64_t n = atomic_load_explicit(newest, memory_order_relaxed) + 1;
  frame->number = n;
  publish(&mapping->frames[(n - 1) % LAYER_FRAMES], frame, sizeof *frame, newest, n);
}

void mapping_publish_input(mapping_t *mapping, layer_input_t *input) {
  _Atomic uint64_t *newest = &mapping->header->inputs;
  uint64_t n = atomic_load_explicit(newest, memory_order_relaxed) + 1;
  input->number = n;
  publish(&mapping->inputs[(n - 1) % LAYER_INPUTS], input, sizeof *input, newest, n);
}

void mapping_set_clock(mapping_t *mapping, int64_t offset_ns) {
  atomic_store_explicit(&mapping->header->clock_offset_ns, offset_ns, memory_order_relaxed);
  atomic_store_explicit(&mapping->header->clock_known, 1, memory_order_release);
}
