/* period.c - see period.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "period.h"

#define STABLE_FRAMES 3
#define SAME_SHARE 50 /* periods that differ by less than one part in so many are the same */
#define NEW_RATE_NS 60000000000
#define JUMP_NS 10000000000

void period_learn(period_t *period, int64_t display_time, int64_t told_ns) {
  uint32_t known = atomic_load_explicit(&period->ns, memory_order_relaxed);
  int64_t change, step;
  if (display_time <= 0 || told_ns <= 0 || told_ns > INT32_MAX) return;
  change = told_ns - period->candidate;
  step = display_time - period->last_time;
  period->last_time = display_time;
  if ((change < 0 ? -change : change) > told_ns / SAME_SHARE) {
    period->held = 0;
    period->held_since = display_time;
  } else if (step < 0 || step > JUMP_NS) {
    period->held_since = display_time;
  }
  if (period->held < STABLE_FRAMES) period->held++;
  period->candidate = told_ns;
  if (period->held == STABLE_FRAMES &&
      (!known || told_ns < known || display_time - period->held_since >= NEW_RATE_NS))
    atomic_store_explicit(&period->ns, (uint32_t)told_ns, memory_order_relaxed);
}
