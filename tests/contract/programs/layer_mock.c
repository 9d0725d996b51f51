/* layer_mock.c - see layer_mock.h. */
#include "layer_mock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calls.h"
#include "platform.h"

#define MOST 65536
#define MOST_PATHS 512
#define PERIOD 11111111

enum kind { NONE, INSTANCE, SESSION, SPACE, SET, ACTION, TRACKER };

mock_t mock;

/* What each handle is; handles are their number here. */
static struct object {
  enum kind kind;
  uint32_t parent;
  XrActionType type; /* of an action */
  int subactions, own, attached;
  uint32_t action; /* of a space */
  XrPath path;     /* of a space: its subaction */
  XrReferenceSpaceType reference;
  char name[64];
} objects[MOST];
static uint32_t count;
static char paths[MOST_PATHS][XR_MAX_PATH_LENGTH];
static uint32_t path_count;
static XrTime display_time;
static lock_t mutex = LOCK_INITIAL;

#define CALL(name) static XRAPI_ATTR XrResult XRAPI_CALL mock_##name
#define ENTER(name)                          \
  if (fails(name)) return XR_ERROR_RUNTIME_FAILURE
#define NUMBER(handle) ((uint32_t)(uint64_t)(handle))
#define HANDLE(type, number) ((type)(uintptr_t)(number))

static int fails(const char *name) {
  const char *failing = atomic_load(&mock.failing);
  atomic_fetch_add(&mock.calls, 1);
  if (atomic_load(&mock.gone)) abort();
  return failing && !strcmp(failing, name);
}

static int is(uint32_t number, enum kind kind) {
  int good;
  lock_take(&mutex);
  good = number && number <= count && objects[number].kind == kind;
  lock_give(&mutex);
  if (!good) atomic_fetch_add(&mock.wrong, 1);
  return good;
}

static struct object *make(enum kind kind, uint32_t parent, uint32_t *number) {
  struct object *made;
  lock_take(&mutex);
  *number = count + 1 < MOST ? ++count : count;
  made = &objects[*number];
  memset(made, 0, sizeof *made);
  made->kind = kind;
  made->parent = parent;
  lock_give(&mutex);
  return made;
}

/* With all that it is the parent of. */
static void destroy(uint32_t number) {
  uint32_t i;
  objects[number].kind = NONE;
  for (i = 1; i <= count; i++)
    if (objects[i].kind != NONE && objects[i].parent == number) destroy(i);
}

static XrResult end(uint64_t handle, enum kind kind) {
  if (!is(NUMBER(handle), kind)) return XR_ERROR_HANDLE_INVALID;
  lock_take(&mutex);
  destroy(NUMBER(handle));
  lock_give(&mutex);
  return XR_SUCCESS;
}

int mock_alive(void) {
  uint32_t i;
  int alive = 0;
  lock_take(&mutex);
  for (i = 1; i <= count; i++) alive += objects[i].kind != NONE;
  lock_give(&mutex);
  return alive;
}

void mock_reset(void) {
  lock_take(&mutex);
  count = path_count = 0;
  display_time = 0;
  lock_give(&mutex);
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
  if (!is(NUMBER(h), INSTANCE)) return XR_ERROR_HANDLE_INVALID;
  strcpy(out->runtimeName, "mock");
  return XR_SUCCESS;
}

CALL(CreateSession)(XrInstance h, const XrSessionCreateInfo *info, XrSession *out) {
  uint32_t number;
  ENTER("xrCreateSession");
  (void)info;
  if (!is(NUMBER(h), INSTANCE)) return XR_ERROR_HANDLE_INVALID;
  make(SESSION, NUMBER(h), &number);
  *out = HANDLE(XrSession, number);
  return XR_SUCCESS;
}

static XrResult session_call(XrSession h, const char *name) {
  ENTER(name);
  return is(NUMBER(h), SESSION) ? XR_SUCCESS : XR_ERROR_HANDLE_INVALID;
}

CALL(BeginSession)(XrSession h, const XrSessionBeginInfo *info) {
  (void)info;
  return session_call(h, "xrBeginSession");
}
CALL(EndSession)(XrSession h) { return session_call(h, "xrEndSession"); }
CALL(BeginFrame)(XrSession h, const XrFrameBeginInfo *info) {
  XrResult result = session_call(h, "xrBeginFrame");
  (void)info;
  return XR_SUCCEEDED(result) && atomic_exchange(&mock.discard, 0) ? XR_FRAME_DISCARDED : result;
}
CALL(EndFrame)(XrSession h, const XrFrameEndInfo *info) { (void)info; return session_call(h, "xrEndFrame"); }

CALL(WaitFrame)(XrSession h, const XrFrameWaitInfo *info, XrFrameState *out) {
  XrResult result = session_call(h, "xrWaitFrame");
  (void)info;
  if (XR_FAILED(result)) return result;
  lock_take(&mutex);
  out->predictedDisplayTime = display_time += PERIOD;
  lock_give(&mutex);
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
  if (!is(NUMBER(h), INSTANCE)) return XR_ERROR_HANDLE_INVALID;
  lock_take(&mutex);
  for (i = 1; i <= count && !session; i++)
    if (objects[i].kind == SESSION) session = i;
  lock_give(&mutex);
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
  if (!is(NUMBER(h), INSTANCE)) return XR_ERROR_HANDLE_INVALID;
  lock_take(&mutex);
  for (i = 0; i < path_count && strcmp(paths[i], text) != 0; i++) {
  }
  if (i == path_count && path_count < MOST_PATHS) snprintf(paths[path_count++], sizeof *paths, "%s", text);
  lock_give(&mutex);
  *out = i + 1;
  return XR_SUCCESS;
}

CALL(PathToString)(XrInstance h, XrPath path, uint32_t room, uint32_t *length, char *out) {
  ENTER("xrPathToString");
  if (!is(NUMBER(h), INSTANCE)) return XR_ERROR_HANDLE_INVALID;
  lock_take(&mutex);
  if (path && path <= path_count) *length = (uint32_t)snprintf(out, room, "%s", paths[path - 1]) + 1;
  lock_give(&mutex);
  return path ? XR_SUCCESS : XR_ERROR_PATH_INVALID;
}

CALL(CreateReferenceSpace)(XrSession h, const XrReferenceSpaceCreateInfo *info, XrSpace *out) {
  uint32_t number;
  ENTER("xrCreateReferenceSpace");
  if (!is(NUMBER(h), SESSION)) return XR_ERROR_HANDLE_INVALID;
  make(SPACE, NUMBER(h), &number)->reference = info->referenceSpaceType;
  *out = HANDLE(XrSpace, number);
  return XR_SUCCESS;
}

CALL(CreateActionSpace)(XrSession h, const XrActionSpaceCreateInfo *info, XrSpace *out) {
  struct object *space;
  uint32_t number;
  ENTER("xrCreateActionSpace");
  if (!is(NUMBER(h), SESSION) || !is(NUMBER(info->action), ACTION)) return XR_ERROR_HANDLE_INVALID;
  space = make(SPACE, NUMBER(h), &number);
  space->action = NUMBER(info->action);
  space->path = info->subactionPath;
  memcpy(space->name, objects[NUMBER(info->action)].name, sizeof space->name);
  *out = HANDLE(XrSpace, number);
  return XR_SUCCESS;
}

/* Where an action with this name is: 0 left, 1 right of it. */
static XrVector3f place(const char *name, int side) {
  float x = side ? .25f : -.25f;
  if (strstr(name, "gaze")) return (XrVector3f){0, 1.5f, -2};
  return strstr(name, "aim") ? (XrVector3f){x, 1.5f, -1} : (XrVector3f){x, 1.25f, -.5f};
}

static int side_of(XrPath path) { return path && strstr(paths[path - 1], "right") != NULL; }

CALL(LocateSpace)(XrSpace h, XrSpace base, XrTime time, XrSpaceLocation *out) {
  ENTER("xrLocateSpace");
  if (!is(NUMBER(h), SPACE) || !is(NUMBER(base), SPACE)) return XR_ERROR_HANDLE_INVALID;
  if (time <= 0) return XR_ERROR_TIME_INVALID;
  if (atomic_load(&mock.lost)) return XR_ERROR_SESSION_LOST;
  out->locationFlags = 15;
  out->pose.orientation = (XrQuaternionf){0, 0, 0, 1};
  lock_take(&mutex);
  out->pose.position = (XrVector3f){1, 2, 3};
  if (objects[NUMBER(h)].action) out->pose.position = place(objects[NUMBER(h)].name, side_of(objects[NUMBER(h)].path));
  lock_give(&mutex);
  return XR_SUCCESS;
}

CALL(CreateActionSet)(XrInstance h, const XrActionSetCreateInfo *info, XrActionSet *out) {
  struct object *set;
  uint32_t number;
  ENTER("xrCreateActionSet");
  if (!is(NUMBER(h), INSTANCE)) return XR_ERROR_HANDLE_INVALID;
  set = make(SET, NUMBER(h), &number);
  set->own = strstr(info->actionSetName, "sensorium") != NULL;
  *out = HANDLE(XrActionSet, number);
  return XR_SUCCESS;
}

CALL(CreateAction)(XrActionSet h, const XrActionCreateInfo *info, XrAction *out) {
  struct object *action;
  uint32_t number;
  ENTER("xrCreateAction");
  if (!is(NUMBER(h), SET)) return XR_ERROR_HANDLE_INVALID;
  action = make(ACTION, NUMBER(h), &number);
  action->type = info->actionType;
  action->subactions = info->countSubactionPaths > 0;
  action->own = objects[NUMBER(h)].own;
  snprintf(action->name, sizeof action->name, "%s", info->actionName);
  *out = HANDLE(XrAction, number);
  return XR_SUCCESS;
}

static int place_of(XrPath path) {
  return strstr(paths[path - 1], "/user/eyes_ext") ? 2 : strstr(paths[path - 1], "/user/hand/right") != NULL;
}

CALL(SuggestInteractionProfileBindings)(XrInstance h, const XrInteractionProfileSuggestedBinding *info) {
  int own[3] = {0, 0, 0};
  uint32_t i;
  ENTER("xrSuggestInteractionProfileBindings");
  if (!is(NUMBER(h), INSTANCE)) return XR_ERROR_HANDLE_INVALID;
  if (!info->countSuggestedBindings) return XR_ERROR_VALIDATION_FAILURE;
  for (i = 0; i < info->countSuggestedBindings; i++) {
    if (!is(NUMBER(info->suggestedBindings[i].action), ACTION)) return XR_ERROR_HANDLE_INVALID;
    if (objects[NUMBER(info->suggestedBindings[i].action)].own && atomic_load(&mock.refuse_bindings))
      return XR_ERROR_PATH_UNSUPPORTED;
    if (objects[NUMBER(info->suggestedBindings[i].action)].own) own[place_of(info->suggestedBindings[i].binding)]++;
  }
  if (own[0] + own[1]) {
    atomic_store(&mock.own_left, own[0]);
    atomic_store(&mock.own_right, own[1]);
  }
  if (own[2]) atomic_store(&mock.own_eyes, own[2]);
  atomic_store(&mock.bindings, (int)info->countSuggestedBindings);
  return XR_SUCCESS;
}

CALL(AttachSessionActionSets)(XrSession h, const XrSessionActionSetsAttachInfo *info) {
  uint32_t i;
  ENTER("xrAttachSessionActionSets");
  if (!is(NUMBER(h), SESSION)) return XR_ERROR_HANDLE_INVALID;
  if (objects[NUMBER(h)].attached) return XR_ERROR_ACTIONSETS_ALREADY_ATTACHED;
  for (i = 0; i < info->countActionSets; i++) {
    if (!is(NUMBER(info->actionSets[i]), SET)) return XR_ERROR_HANDLE_INVALID;
    if (objects[NUMBER(info->actionSets[i])].own && atomic_load(&mock.refuse_attach)) return XR_ERROR_LIMIT_REACHED;
  }
  lock_take(&mutex);
  objects[NUMBER(h)].attached = 1;
  lock_give(&mutex);
  return XR_SUCCESS;
}

CALL(SyncActions)(XrSession h, const XrActionsSyncInfo *info) {
  uint32_t i;
  ENTER("xrSyncActions");
  if (!is(NUMBER(h), SESSION)) return XR_ERROR_HANDLE_INVALID;
  for (i = 0; i < info->countActiveActionSets; i++) {
    if (!is(NUMBER(info->activeActionSets[i].actionSet), SET)) return XR_ERROR_HANDLE_INVALID;
    if (objects[NUMBER(info->activeActionSets[i].actionSet)].own && atomic_load(&mock.refuse_sync))
      return XR_ERROR_ACTIONSET_NOT_ATTACHED;
  }
  return XR_SUCCESS;
}

/* Whether the state of an action may be asked for so, and whether it is active. */
static XrResult ask(XrSession h, const XrActionStateGetInfo *info, XrActionType type, XrBool32 *active) {
  struct object action;
  int attached;
  if (!is(NUMBER(h), SESSION) || !is(NUMBER(info->action), ACTION)) return XR_ERROR_HANDLE_INVALID;
  lock_take(&mutex);
  action = objects[NUMBER(info->action)];
  attached = objects[NUMBER(h)].attached;
  lock_give(&mutex);
  if (!attached || action.type != type || (info->subactionPath && !action.subactions)) {
    atomic_fetch_add(&mock.wrong, 1);
    return XR_ERROR_VALIDATION_FAILURE;
  }
  *active = !(action.own && atomic_load(&mock.silent_own));
  return XR_SUCCESS;
}

CALL(GetActionStateBoolean)(XrSession h, const XrActionStateGetInfo *info, XrActionStateBoolean *out) {
  XrResult result;
  ENTER("xrGetActionStateBoolean");
  result = ask(h, info, XR_ACTION_TYPE_BOOLEAN_INPUT, &out->isActive);
  if (XR_SUCCEEDED(result)) out->currentState = strstr(objects[NUMBER(info->action)].name, "primary") != NULL;
  return result;
}

CALL(GetActionStateFloat)(XrSession h, const XrActionStateGetInfo *info, XrActionStateFloat *out) {
  XrResult result;
  ENTER("xrGetActionStateFloat");
  result = ask(h, info, XR_ACTION_TYPE_FLOAT_INPUT, &out->isActive);
  out->currentState = .75f;
  return result;
}

CALL(GetActionStateVector2f)(XrSession h, const XrActionStateGetInfo *info, XrActionStateVector2f *out) {
  XrResult result;
  ENTER("xrGetActionStateVector2f");
  result = ask(h, info, XR_ACTION_TYPE_VECTOR2F_INPUT, &out->isActive);
  out->currentState = (XrVector2f){.25f, -.5f};
  return result;
}

CALL(GetActionStatePose)(XrSession h, const XrActionStateGetInfo *info, XrActionStatePose *out) {
  ENTER("xrGetActionStatePose");
  return ask(h, info, XR_ACTION_TYPE_POSE_INPUT, &out->isActive);
}

CALL(GetCurrentInteractionProfile)(XrSession h, XrPath top, XrInteractionProfileState *out) {
  XrResult result = session_call(h, "xrGetCurrentInteractionProfile");
  uint32_t i;
  (void)top;
  lock_take(&mutex);
  out->interactionProfile = XR_NULL_PATH;
  for (i = 0; i < path_count; i++)
    if (!strcmp(paths[i], "/interaction_profiles/oculus/touch_controller")) out->interactionProfile = i + 1;
  lock_give(&mutex);
  return result;
}

CALL(CreateHandTrackerEXT)(XrSession h, const XrHandTrackerCreateInfoEXT *info, XrHandTrackerEXT *out) {
  uint32_t number;
  ENTER("xrCreateHandTrackerEXT");
  (void)info;
  if (!is(NUMBER(h), SESSION)) return XR_ERROR_HANDLE_INVALID;
  make(TRACKER, NUMBER(h), &number);
  *out = HANDLE(XrHandTrackerEXT, number);
  return XR_SUCCESS;
}

CALL(LocateHandJointsEXT)(XrHandTrackerEXT h, const XrHandJointsLocateInfoEXT *info, XrHandJointLocationsEXT *out) {
  uint32_t i;
  ENTER("xrLocateHandJointsEXT");
  if (!is(NUMBER(h), TRACKER) || !is(NUMBER(info->baseSpace), SPACE)) return XR_ERROR_HANDLE_INVALID;
  out->isActive = XR_TRUE;
  for (i = 0; i < out->jointCount; i++)
    out->jointLocations[i] =
        (XrHandJointLocationEXT){15, {{0, 0, 0, 1}, {(float)i * .01f, 1, -1}}, .01f};
  return XR_SUCCESS;
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
  return is(NUMBER(h), INSTANCE) ? XR_SUCCESS : XR_ERROR_HANDLE_INVALID;
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
  if (fails("xrCreateInstance")) return XR_ERROR_RUNTIME_UNAVAILABLE;
  atomic_fetch_add(&mock.made_instances, 1);
  make(INSTANCE, 0, &number);
  *out = HANDLE(XrInstance, number);
  return XR_SUCCESS;
}
