/* mapping.h - the file of one session: its header, and the rings of frames and of input.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LAYER_MAPPING_H
#define LAYER_MAPPING_H

#include "layout.h"
#include "platform.h"

typedef struct mapping {
  layer_header_t *header; /* NULL: nobody looks */
  layer_frame_t *frames;
  layer_input_t *inputs;
  shared_file_t file;
} mapping_t;

typedef struct mapping_about {
  uint32_t mode, extensions, hz;
  const char *app, *engine, *runtime;
} mapping_about_t;

/* 0: there is no daemon's folder, or no room. */
int mapping_open(mapping_t *mapping, const mapping_about_t *about);

/* Says that the session has ended, and deletes the file. */
void mapping_close(mapping_t *mapping);

/* In a copy of the process: the file stays the other's. */
void mapping_forget(mapping_t *mapping);

/* Numbers and publishes; one thread at a time for each of the two. */
void mapping_publish_frame(mapping_t *mapping, layer_frame_t *frame);
void mapping_publish_input(mapping_t *mapping, layer_input_t *input);

void mapping_set_clock(mapping_t *mapping, int64_t offset_ns);

#endif
