/* calls.h - the functions of what lies below the layer: other layers and the runtime.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LAYER_CALLS_H
#define LAYER_CALLS_H

#include "openxr_headers.h"

/* What timing needs of every instance. */
#define CALLS_OF_TIMING(X) \
  X(DestroyInstance) X(GetInstanceProperties) X(CreateSession) X(DestroySession) X(BeginSession) X(EndSession) \
  X(WaitFrame) X(BeginFrame) X(EndFrame)

/* What input needs besides. */
#define CALLS_OF_INPUT(X) \
  X(PollEvent) X(LocateSpace) X(CreateReferenceSpace) X(DestroySpace) \
  X(CreateActionSpace) X(CreateActionSet) X(DestroyActionSet) X(CreateAction) X(DestroyAction) X(StringToPath) \
  X(PathToString) X(SuggestInteractionProfileBindings) X(AttachSessionActionSets) X(SyncActions) \
  X(GetActionStateBoolean) X(GetActionStateFloat) X(GetActionStateVector2f) X(GetActionStatePose) \
  X(GetCurrentInteractionProfile)

#define CALLS_OF_HANDS(X) X(CreateHandTrackerEXT) X(DestroyHandTrackerEXT) X(LocateHandJointsEXT)

#ifdef _WIN32
#define CALLS_OF_CLOCK(X) X(ConvertWin32PerformanceCounterToTimeKHR)
#else
#define CALLS_OF_CLOCK(X) X(ConvertTimespecTimeToTimeKHR)
#endif

typedef struct calls {
  PFN_xrGetInstanceProcAddr get;
#define X(name) PFN_xr##name name;
  CALLS_OF_TIMING(X) CALLS_OF_INPUT(X) CALLS_OF_HANDS(X) CALLS_OF_CLOCK(X)
#undef X
} calls_t;

/* Each finds a group; 0: one of its functions is missing. */
int calls_find_timing(calls_t *calls, XrInstance instance);
int calls_find_input(calls_t *calls, XrInstance instance);
int calls_find_hands(calls_t *calls, XrInstance instance);
int calls_find_clock(calls_t *calls, XrInstance instance);

/* The same moment in both clocks; 0: the runtime does not say. */
int calls_now(const calls_t *calls, XrInstance instance, int64_t *now_ns, XrTime *now);

#endif
