/* report.h - what the viewer prints: a line a second, a summary at the end.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef VIEWER_REPORT_H
#define VIEWER_REPORT_H

#include "senses.h"

#include "scene.h"
#include "times.h"

/* Frame: begin to swapped. Interval: begin to begin. Work: without the swap. Read: all channels. */
typedef struct measured {
  times_t frame, interval, work, read;
} measured_t;

typedef struct run {
  double seconds, rate_hz;
  int width, height;
  const char *renderer;
  measured_t all, second;
} run_t;

void report_second(const senses_t *s, const run_t *run);
void report_end(const senses_t *s, const run_t *run);

/* The summary as one JSON object, with the camera and the joints of the last frame. */
void report_json(const senses_t *s, const run_t *run, const camera_t *camera);

const char *report_status(sensorium_status status);

#endif
