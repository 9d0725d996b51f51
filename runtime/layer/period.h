/* period.h - how long the display shows a frame: the smallest that held for some frames.
 *
 * A runtime under load tells longer periods, and any may tell a wrong one once. The rule is that of
 * sensors/openxr_layer/frames.py.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LAYER_PERIOD_H
#define LAYER_PERIOD_H

#include <stdatomic.h>
#include <stdint.h>

/* All zero: nothing was told yet. */
typedef struct period {
  int64_t candidate, held_since, last_time;
  int held;
  _Atomic uint32_t ns; /* 0: not known yet */
} period_t;

/* Of each frame what xrWaitFrame predicts of it; by one thread at a time. */
void period_learn(period_t *period, int64_t display_time, int64_t told_ns);

#endif
