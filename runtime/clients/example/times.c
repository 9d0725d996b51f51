/* SPDX-License-Identifier: Apache-2.0 */
#include "times.h"

#define LOW_BITS 8 /* of TIMES_STEPS */

/* Octave and the next eight bits: a floating-point number of our own. */
static unsigned bucket_of(uint64_t ns) {
  unsigned octave = 0;
  while (ns >> octave >= 2 * TIMES_STEPS) octave++;
  if (octave + 1 >= TIMES_OCTAVES) return TIMES_OCTAVES * TIMES_STEPS - 1;
  if (ns < TIMES_STEPS) return (unsigned)ns;
  return (octave + 1) * TIMES_STEPS + (unsigned)(ns >> octave) - TIMES_STEPS;
}

static uint64_t value_of(unsigned bucket) {
  unsigned octave = bucket >> LOW_BITS;
  if (!octave) return bucket;
  return ((uint64_t)TIMES_STEPS + bucket % TIMES_STEPS) << (octave - 1);
}

void times_add(times_t *t, uint64_t ns) {
  t->buckets[bucket_of(ns)]++;
  t->count++;
  if (ns > t->max_ns) t->max_ns = ns;
}

uint64_t times_quantile(const times_t *t, double q) {
  uint64_t wanted = (uint64_t)(q * (double)t->count), seen = 0;
  unsigned i;
  if (!t->count) return 0;
  if (wanted >= t->count) wanted = t->count - 1;
  for (i = 0; i < TIMES_OCTAVES * TIMES_STEPS; i++) {
    seen += t->buckets[i];
    if (seen > wanted) return value_of(i);
  }
  return t->max_ns;
}
