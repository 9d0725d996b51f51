/* times.h - a histogram of durations: quantiles of millions of frames in fixed memory.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef VIEWER_TIMES_H
#define VIEWER_TIMES_H

#include <stdint.h>

#define TIMES_STEPS 256 /* buckets an octave: quantiles are exact to 0.4 % */
#define TIMES_OCTAVES 40

typedef struct times {
  uint64_t count, max_ns;
  uint32_t buckets[TIMES_OCTAVES * TIMES_STEPS];
} times_t;

void times_add(times_t *t, uint64_t ns);

/* The duration that a share `q` (0..1) of all stays under, in ns; 0 without any. */
uint64_t times_quantile(const times_t *t, double q);

#endif
