/* layer_mock.c - see layer_mock.h. */
#include "layer_mock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layer_mock_objects.h"

#define PERIOD 11111111

mock_t mock;

struct object mock_objects[MOCK_MOST];
char mock_paths[MOCK_MOST_PATHS][XR_MAX_PATH_LENGTH];
lock_t mock_mutex = LOCK_INITIAL;
uint32_t mock_path_count;
static uint32_t count;
static XrTime display_time;

int mock_fails(const char *name) {
  const char *failing = atomic_load(&mock.failing);
  atomic_fetch_add(&mock.calls, 1);
  if (atomic_load(&mock.gone)) abort();
  return failing && !strcmp(failing, name);
}

int mock_is(uint32_t number, enum kind kind) {
  int good;
  lock_take(&mock_mutex);
  good = number && number <= count && mock_objects[number].kind == kind;
  lock_give(&mock_mutex);
  if (!good) atomic_fetch_add(&mock.wrong, 1);
  return good;
}

struct object *mock_make(enum kind kind, uint32_t parent, uint32_t *number) {
  struct object *made;
  lock_take(&mock_mutex);
  *number = count + 1 < MOCK_MOST ? ++count : count;
  made = &mock_objects[*number];
  memset(made, 0, sizeof *made);
  made->kind = kind;
  made->parent = parent;
  lock_give(&mock_mutex);
  return made;
}

/* With all that it is the parent of. */
static void destroy(uint32_t number) {
  uint32_t i;
  mock_objects[number].kind = NONE;
  for (i = 1; i <= count; i++)
    if (mock_objects[i].kind != NONE && mock_objects[i].parent == number) destroy(i);
}

static XrResult end(uint64_t handle, enum kind kind) {
  if (!mock_is(NUMBER(handle), kind)) return XR_ERROR_HANDLE_INVALID;
  lock_take(&mock_mutex);
  destroy(NUMBER(handle));
  lock_give(&mock_mutex);
  return XR_SUCCESS;
}

int mock_alive(void) {
  uint32_t i;
  int alive = 0;
  lock_take(&mock_mutex);
  for (i = 1; i <= count; i++) alive += mock_objects[i].kind != NONE;
  lock_give(&mock_mutex);
  return alive;
}

void mock_reset(void) {
  lock_take(&mock_mutex);
  count = mock_path_count = 0;
  display_time = 0;
  lock_give(&mock_mutex);
  atomic_store(&mock.failing, "");
  atomic_store(&mock.wrong, 0);
  atomic_store(&mock.made_instances, 0);
}

CALL(DestroyInstance)(XrInstance h) { ENTER("xrDestroyInstance"); return end((uint64_t)h, INSTANCE); }
CALL(DestroySession)(XrSession h) { ENTER("xrDestroySession"); return end((uint64_t)h, SESSION); }
CALL(DestroySpace)(XrSpace h) { ENTER("xrDestroySpace"); return end((uint64_t)h, SPACE); }
CALL(DestroyActionSet)(XrActionSet h) { ENTER("xrDestroyActionSet"); return end((uint64_t)h, SET); }
CALL(DestroyAction)(XrAction h) { ENTER("xrDestroyAction"); return end((uint64_t)h, ACTION); }
CALL(DestroyHandTrackerEXT)(XrHandTrackerEXT h) {
  ENTER("xrDestroyHandTrackerEXT");
  return end((uint64_t)h, TRACKER);
}

CALL(GetInstanceProperties)(XrInstance h, XrInstanceProperties *out) {
  ENTER("xrGetInstanceProperties");
  if (!mock_is(NUMBER(h), INSTANCE)) return XR_ERROR_HANDLE_INVALID;
  strcpy(out->runtimeName, "mock");
  return XR_SUCCESS;
}

CALL(CreateSession)(XrInstance h, const XrSessionCreateInfo *info, XrSession *out) {
  uint32_t number;
  ENTER("xrCreateSession");
  (void)info;
  if (!mock_is(NUMBER(h), INSTANCE)) return XR_ERROR_HANDLE_INVALID;
  mock_make(SESSION, NUMBER(h), &number);
  *out = HANDLE(XrSession, number);
  return XR_SUCCESS;
}

XrResult mock_session(XrSession h, const char *name) {
  ENTER(name);
  return mock_is(NUMBER(h), SESSION) ? XR_SUCCESS : XR_ERROR_HANDLE_INVALID;
}

CALL(BeginSession)(XrSession h, const XrSessionBeginInfo *info) {
  (void)info;
  return mock_session(h, "xrBeginSession");
}
CALL(EndSession)(XrSession h) { return mock_session(h, "xrEndSession"); }
CALL(BeginFrame)(XrSession h, const XrFrameBeginInfo *info) {
  XrResult result = mock_session(h, "xrBeginFrame");
  (void)info;
  return XR_SUCCEEDED(result) && atomic_exchange(&mock.discard, 0) ? XR_FRAME_DISCARDED : result;
}
CALL(EndFrame)(XrSession h, const XrFrameEndInfo *info) { (void)info; return mock_session(h, "xrEndFrame"); }

CALL(WaitFrame)(XrSession h, const XrFrameWaitInfo *info, XrFrameState *out) {
  XrResult result = mock_session(h, "xrWaitFrame");
  (void)info;
  if (XR_FAILED(result)) return result;
  lock_take(&mock_mutex);
  out->predictedDisplayTime = display_time += PERIOD;
  lock_give(&mock_mutex);
  out->predictedDisplayPeriod = PERIOD;
  if (atomic_load(&mock.told_odd)) {
    out->predictedDisplayTime = atomic_load(&mock.told_time);
    out->predictedDisplayPeriod = atomic_load(&mock.told_period);
  }
  out->shouldRender = XR_TRUE;
  return XR_SUCCESS;
}

CALL(PollEvent)(XrInstance h, XrEventDataBuffer *out) {
  XrEventDataSessionStateChanged *changed = (void *)out;
  XrEventDataReferenceSpaceChangePending *moved = (void *)out;
  uint32_t i, session = 0;
  int state;
  ENTER("xrPollEvent");
  if (!mock_is(NUMBER(h), INSTANCE)) return XR_ERROR_HANDLE_INVALID;
  lock_take(&mock_mutex);
  for (i = 1; i <= count && !session; i++)
    if (mock_objects[i].kind == SESSION) session = i;
  lock_give(&mock_mutex);
  if ((state = atomic_exchange(&mock.state, 0)) != 0) {
    changed->type = XR_TYPE_EVENT_DATA_SESSION_STATE_CHANGED;
    changed->session = HANDLE(XrSession, session);
    changed->state = (XrSessionState)state;
    return XR_SUCCESS;
  }
  if (!atomic_exchange(&mock.stage_moves, 0)) return XR_EVENT_UNAVAILABLE;
  moved->type = XR_TYPE_EVENT_DATA_REFERENCE_SPACE_CHANGE_PENDING;
  moved->session = HANDLE(XrSession, session);
  moved->referenceSpaceType = XR_REFERENCE_SPACE_TYPE_STAGE;
  return XR_SUCCESS;
}

CALL(StringToPath)(XrInstance h, const char *text, XrPath *out) {
  uint32_t i;
  ENTER("xrStringToPath");
  if (!mock_is(NUMBER(h), INSTANCE)) return XR_ERROR_HANDLE_INVALID;
  lock_take(&mock_mutex);
  for (i = 0; i < mock_path_count && strcmp(mock_paths[i], text) != 0; i++) {
  }
  if (i == mock_path_count && mock_path_count < MOCK_MOST_PATHS) snprintf(mock_paths[mock_path_count++], sizeof *mock_paths, "%s", text);
  lock_give(&mock_mutex);
  *out = i + 1;
  return XR_SUCCESS;
}

CALL(PathToString)(XrInstance h, XrPath path, uint32_t room, uint32_t *length, char *out) {
  ENTER("xrPathToString");
  if (!mock_is(NUMBER(h), INSTANCE)) return XR_ERROR_HANDLE_INVALID;
  lock_take(&mock_mutex);
  if (path && path <= mock_path_count) *length = (uint32_t)snprintf(out, room, "%s", mock_paths[path - 1]) + 1;
  lock_give(&mock_mutex);
  return path ? XR_SUCCESS : XR_ERROR_PATH_INVALID;
}

#ifdef _WIN32
CALL(ConvertWin32PerformanceCounterToTimeKHR)(XrInstance h, const int64_t *counter, XrTime *out) {
  ENTER("xrConvertWin32PerformanceCounterToTimeKHR");
  (void)counter;
#else
CALL(ConvertTimespecTimeToTimeKHR)(XrInstance h, const struct timespec *time, XrTime *out) {
  ENTER("xrConvertTimespecTimeToTimeKHR");
  (void)time;
#endif
  *out = platform_now_ns() - 1000 + atomic_load(&mock.ahead_ns);
  return mock_is(NUMBER(h), INSTANCE) ? XR_SUCCESS : XR_ERROR_HANDLE_INVALID;
}

static const struct function {
  const char *name;
  PFN_xrVoidFunction function;
} functions[] = {
#define X(name) {"xr" #name, (PFN_xrVoidFunction)mock_##name},
    CALLS_OF_TIMING(X) CALLS_OF_INPUT(X) CALLS_OF_HANDS(X) CALLS_OF_CLOCK(X)
#undef X
};

const char *const mock_names[] = {
#define X(name) "xr" #name,
    CALLS_OF_TIMING(X) CALLS_OF_INPUT(X) CALLS_OF_HANDS(X) CALLS_OF_CLOCK(X)
#undef X
    NULL};

XRAPI_ATTR XrResult XRAPI_CALL mock_get(XrInstance instance, const char *name, PFN_xrVoidFunction *function) {
  size_t i;
  (void)instance;
  *function = NULL;
  for (i = 0; i < sizeof functions / sizeof *functions; i++)
    if (!strcmp(functions[i].name, name)) *function = functions[i].function;
  return *function ? XR_SUCCESS : XR_ERROR_FUNCTION_UNSUPPORTED;
}

XRAPI_ATTR XrResult XRAPI_CALL
mock_create(const XrInstanceCreateInfo *info, const negotiation_create_info_t *below, XrInstance *out) {
  uint32_t i, number;
  (void)below;
  for (i = 0; i < info->enabledExtensionCount; i++) {
    const char *name = info->enabledExtensionNames[i];
    if ((strstr(name, "hand_tracking") && atomic_load(&mock.no_hands)) ||
        (strstr(name, "eye_gaze") && atomic_load(&mock.no_gaze)) ||
        (strstr(name, "convert") && atomic_load(&mock.no_clock)))
      return XR_ERROR_EXTENSION_NOT_PRESENT;
  }
  if (mock_fails("xrCreateInstance")) return XR_ERROR_RUNTIME_UNAVAILABLE;
  atomic_fetch_add(&mock.made_instances, 1);
  mock_make(INSTANCE, 0, &number);
  *out = HANDLE(XrInstance, number);
  return XR_SUCCESS;
}
