/* panels.h - what the overlay says: hands, voice, microphone, daemon, frame times.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef VIEWER_PANELS_H
#define VIEWER_PANELS_H

#include "senses.h"

/* The app's own figures of the last second. */
typedef struct figures {
  const char *renderer; /* what draws, as OpenGL names it */
  double rate_hz, frame_p50_ms, frame_p99_ms, read_us;
} figures_t;

void panels_draw(const senses_t *s, const figures_t *figures, int width, int height);

#endif
