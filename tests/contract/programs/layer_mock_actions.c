/* layer_mock_actions.c - spaces, actions and hands of the mock runtime; see layer_mock.h. */
#include <stdio.h>
#include <string.h>

#include "layer_mock_objects.h"

CALL(CreateReferenceSpace)(XrSession h, const XrReferenceSpaceCreateInfo *info, XrSpace *out) {
  uint32_t number;
  ENTER("xrCreateReferenceSpace");
  if (!mock_is(NUMBER(h), SESSION)) return XR_ERROR_HANDLE_INVALID;
  mock_make(SPACE, NUMBER(h), &number)->reference = info->referenceSpaceType;
  *out = HANDLE(XrSpace, number);
  return XR_SUCCESS;
}

CALL(CreateActionSpace)(XrSession h, const XrActionSpaceCreateInfo *info, XrSpace *out) {
  struct object *space;
  uint32_t number;
  ENTER("xrCreateActionSpace");
  if (!mock_is(NUMBER(h), SESSION) || !mock_is(NUMBER(info->action), ACTION)) return XR_ERROR_HANDLE_INVALID;
  space = mock_make(SPACE, NUMBER(h), &number);
  space->action = NUMBER(info->action);
  space->path = info->subactionPath;
  memcpy(space->name, mock_objects[NUMBER(info->action)].name, sizeof space->name);
  *out = HANDLE(XrSpace, number);
  return XR_SUCCESS;
}

/* Where an action with this name is: 0 left, 1 right of it. */
static XrVector3f place(const char *name, int side) {
  float x = side ? .25f : -.25f;
  if (strstr(name, "gaze")) return (XrVector3f){0, 1.5f, -2};
  return strstr(name, "aim") ? (XrVector3f){x, 1.5f, -1} : (XrVector3f){x, 1.25f, -.5f};
}

static int side_of(XrPath path) { return path && strstr(mock_paths[path - 1], "right") != NULL; }

CALL(LocateSpace)(XrSpace h, XrSpace base, XrTime time, XrSpaceLocation *out) {
  const struct object *space;
  ENTER("xrLocateSpace");
  if (!mock_is(NUMBER(h), SPACE) || !mock_is(NUMBER(base), SPACE)) return XR_ERROR_HANDLE_INVALID;
  if (time <= 0) return XR_ERROR_TIME_INVALID;
  if (atomic_load(&mock.lost)) return XR_ERROR_SESSION_LOST;
  space = &mock_objects[NUMBER(h)];
  out->locationFlags = 15;
  out->pose.orientation = (XrQuaternionf){0, 0, 0, 1};
  lock_take(&mock_mutex);
  out->pose.position = (XrVector3f){1, 2, 3};
  if (space->action) out->pose.position = place(space->name, side_of(space->path));
  lock_give(&mock_mutex);
  return XR_SUCCESS;
}

CALL(CreateActionSet)(XrInstance h, const XrActionSetCreateInfo *info, XrActionSet *out) {
  struct object *set;
  uint32_t number;
  ENTER("xrCreateActionSet");
  if (!mock_is(NUMBER(h), INSTANCE)) return XR_ERROR_HANDLE_INVALID;
  set = mock_make(SET, NUMBER(h), &number);
  set->own = strstr(info->actionSetName, "sensorium") != NULL;
  *out = HANDLE(XrActionSet, number);
  return XR_SUCCESS;
}

CALL(CreateAction)(XrActionSet h, const XrActionCreateInfo *info, XrAction *out) {
  struct object *action;
  uint32_t number;
  ENTER("xrCreateAction");
  if (!mock_is(NUMBER(h), SET)) return XR_ERROR_HANDLE_INVALID;
  action = mock_make(ACTION, NUMBER(h), &number);
  action->type = info->actionType;
  action->subactions = info->countSubactionPaths > 0;
  action->own = mock_objects[NUMBER(h)].own;
  snprintf(action->name, sizeof action->name, "%s", info->actionName);
  *out = HANDLE(XrAction, number);
  return XR_SUCCESS;
}

static int place_of(XrPath path) {
  return strstr(mock_paths[path - 1], "/user/eyes_ext") ? 2 : strstr(mock_paths[path - 1], "/user/hand/right") != NULL;
}

CALL(SuggestInteractionProfileBindings)(XrInstance h, const XrInteractionProfileSuggestedBinding *info) {
  int own[3] = {0, 0, 0};
  uint32_t i;
  ENTER("xrSuggestInteractionProfileBindings");
  if (!mock_is(NUMBER(h), INSTANCE)) return XR_ERROR_HANDLE_INVALID;
  if (!info->countSuggestedBindings) return XR_ERROR_VALIDATION_FAILURE;
  for (i = 0; i < info->countSuggestedBindings; i++) {
    if (!mock_is(NUMBER(info->suggestedBindings[i].action), ACTION)) return XR_ERROR_HANDLE_INVALID;
    if (!mock_objects[NUMBER(info->suggestedBindings[i].action)].own) continue;
    if (atomic_load(&mock.refuse_bindings)) return XR_ERROR_PATH_UNSUPPORTED;
    own[place_of(info->suggestedBindings[i].binding)]++;
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
  if (!mock_is(NUMBER(h), SESSION)) return XR_ERROR_HANDLE_INVALID;
  if (mock_objects[NUMBER(h)].attached) return XR_ERROR_ACTIONSETS_ALREADY_ATTACHED;
  for (i = 0; i < info->countActionSets; i++) {
    if (!mock_is(NUMBER(info->actionSets[i]), SET)) return XR_ERROR_HANDLE_INVALID;
    if (mock_objects[NUMBER(info->actionSets[i])].own && atomic_load(&mock.refuse_attach))
      return XR_ERROR_LIMIT_REACHED;
  }
  lock_take(&mock_mutex);
  mock_objects[NUMBER(h)].attached = 1;
  lock_give(&mock_mutex);
  return XR_SUCCESS;
}

CALL(SyncActions)(XrSession h, const XrActionsSyncInfo *info) {
  uint32_t i;
  ENTER("xrSyncActions");
  if (!mock_is(NUMBER(h), SESSION)) return XR_ERROR_HANDLE_INVALID;
  for (i = 0; i < info->countActiveActionSets; i++) {
    if (!mock_is(NUMBER(info->activeActionSets[i].actionSet), SET)) return XR_ERROR_HANDLE_INVALID;
    if (mock_objects[NUMBER(info->activeActionSets[i].actionSet)].own && atomic_load(&mock.refuse_sync))
      return XR_ERROR_ACTIONSET_NOT_ATTACHED;
  }
  return XR_SUCCESS;
}

/* Whether the state of an action may be asked for so, and whether it is active. */
static XrResult ask(XrSession h, const XrActionStateGetInfo *info, XrActionType type, XrBool32 *active) {
  struct object action;
  int attached;
  if (!mock_is(NUMBER(h), SESSION) || !mock_is(NUMBER(info->action), ACTION)) return XR_ERROR_HANDLE_INVALID;
  lock_take(&mock_mutex);
  action = mock_objects[NUMBER(info->action)];
  attached = mock_objects[NUMBER(h)].attached;
  lock_give(&mock_mutex);
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
  if (XR_SUCCEEDED(result)) out->currentState = strstr(mock_objects[NUMBER(info->action)].name, "primary") != NULL;
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
  XrResult result = mock_session(h, "xrGetCurrentInteractionProfile");
  uint32_t i;
  (void)top;
  lock_take(&mock_mutex);
  out->interactionProfile = XR_NULL_PATH;
  for (i = 0; i < mock_path_count; i++)
    if (!strcmp(mock_paths[i], "/interaction_profiles/oculus/touch_controller")) out->interactionProfile = i + 1;
  lock_give(&mock_mutex);
  return result;
}

CALL(CreateHandTrackerEXT)(XrSession h, const XrHandTrackerCreateInfoEXT *info, XrHandTrackerEXT *out) {
  uint32_t number;
  ENTER("xrCreateHandTrackerEXT");
  (void)info;
  if (!mock_is(NUMBER(h), SESSION)) return XR_ERROR_HANDLE_INVALID;
  mock_make(TRACKER, NUMBER(h), &number);
  *out = HANDLE(XrHandTrackerEXT, number);
  return XR_SUCCESS;
}

CALL(LocateHandJointsEXT)(XrHandTrackerEXT h, const XrHandJointsLocateInfoEXT *info, XrHandJointLocationsEXT *out) {
  uint32_t i;
  ENTER("xrLocateHandJointsEXT");
  if (!mock_is(NUMBER(h), TRACKER) || !mock_is(NUMBER(info->baseSpace), SPACE)) return XR_ERROR_HANDLE_INVALID;
  out->isActive = XR_TRUE;
  for (i = 0; i < out->jointCount; i++)
    out->jointLocations[i] =
        (XrHandJointLocationEXT){15, {{0, 0, 0, 1}, {(float)i * .01f, 1, -1}}, .01f};
  return XR_SUCCESS;
}
