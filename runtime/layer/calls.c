/* calls.c - see calls.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "calls.h"

#include "platform.h"

static PFN_xrVoidFunction find(const calls_t *calls, XrInstance instance, const char *name) {
  PFN_xrVoidFunction function = NULL;
  return XR_SUCCEEDED(calls->get(instance, name, &function)) ? function : NULL;
}

#define X(name)                                                     \
  calls->name = (PFN_xr##name)find(calls, instance, "xr" #name);    \
  if (!calls->name) whole = 0;

int calls_find_timing(calls_t *calls, XrInstance instance) {
  int whole = 1;
  CALLS_OF_TIMING(X)
  return whole;
}

int calls_find_input(calls_t *calls, XrInstance instance) {
  int whole = 1;
  CALLS_OF_INPUT(X)
  return whole;
}

int calls_find_hands(calls_t *calls, XrInstance instance) {
  int whole = 1;
  CALLS_OF_HANDS(X)
  return whole;
}

int calls_find_clock(calls_t *calls, XrInstance instance) {
  int whole = 1;
  CALLS_OF_CLOCK(X)
  return whole;
}
#undef X

int calls_now(const calls_t *calls, XrInstance instance, int64_t *now_ns, XrTime *now) {
#ifdef _WIN32
  int64_t counter;
  if (!calls->ConvertWin32PerformanceCounterToTimeKHR) return 0;
  *now_ns = platform_now(&counter);
  return XR_SUCCEEDED(calls->ConvertWin32PerformanceCounterToTimeKHR(instance, &counter, now)) && *now > 0;
#else
  struct timespec time;
  if (!calls->ConvertTimespecTimeToTimeKHR) return 0;
  *now_ns = platform_now_ns();
  time.tv_sec = (time_t)(*now_ns / 1000000000);
  time.tv_nsec = (long)(*now_ns % 1000000000);
  return XR_SUCCEEDED(calls->ConvertTimespecTimeToTimeKHR(instance, &time, now)) && *now > 0;
#endif
}
