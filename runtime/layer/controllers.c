/* controllers.c - see controllers.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "controllers.h"

#include <stdio.h>
#include <string.h>

#define PRESSED_AT .5f /* where the app binds only the value of what we would read as a button */

uint32_t controllers_flags(XrSpaceLocationFlags location, XrSpaceVelocityFlags velocity) {
  uint32_t flags = (uint32_t)(location & 15u); /* OpenXR's bits are ours */
  if (velocity & XR_SPACE_VELOCITY_LINEAR_VALID_BIT) flags |= 16;
  if (velocity & XR_SPACE_VELOCITY_ANGULAR_VALID_BIT) flags |= 32;
  return flags;
}

XrResult controllers_locate(const calls_t *calls, XrSpace space, XrSpace base, XrTime time, layer_pose_t *pose) {
  XrSpaceVelocity velocity = {.type = XR_TYPE_SPACE_VELOCITY};
  XrSpaceLocation location = {.type = XR_TYPE_SPACE_LOCATION, .next = &velocity};
  XrResult result;
  if (space == XR_NULL_HANDLE) return XR_SUCCESS;
  result = calls->LocateSpace(space, base, time, &location);
  if (XR_FAILED(result)) return result;
  pose->flags = controllers_flags(location.locationFlags, velocity.velocityFlags);
  if (pose->flags & 2) memcpy(pose->position, &location.pose.position, sizeof pose->position);
  if (pose->flags & 1) memcpy(pose->orientation, &location.pose.orientation, sizeof pose->orientation);
  if (pose->flags & 16) memcpy(pose->linear_velocity, &velocity.linearVelocity, sizeof pose->linear_velocity);
  if (pose->flags & 32) memcpy(pose->angular_velocity, &velocity.angularVelocity, sizeof pose->angular_velocity);
  return result;
}

static void destroy_space(const calls_t *calls, XrSpace *space) {
  if (*space != XR_NULL_HANDLE) calls->DestroySpace(*space);
  *space = XR_NULL_HANDLE;
}

static XrSpace action_space(const calls_t *calls, XrSession session, XrAction action, XrPath subaction) {
  XrActionSpaceCreateInfo info = {
      .type = XR_TYPE_ACTION_SPACE_CREATE_INFO, .action = action, .subactionPath = subaction,
      .poseInActionSpace = {.orientation = {0, 0, 0, 1}}};
  XrSpace space = XR_NULL_HANDLE;
  if (action == XR_NULL_HANDLE || XR_FAILED(calls->CreateActionSpace(session, &info, &space))) return XR_NULL_HANDLE;
  return space;
}

/* Which device it is, and which actions of the app lie on its components. The lock is held. */
static void identify(controllers_t *all, int side) {
  instance_t *instance = all->session->instance;
  const calls_t *calls = &instance->calls;
  XrInstance handle = atomic_load(&instance->handle);
  controller_t *one = &all->side[side];
  XrInteractionProfileState state = {.type = XR_TYPE_INTERACTION_PROFILE_STATE};
  XrPath hand = XR_NULL_PATH;
  uint32_t length = 0;
  int i;
  one->profile = XR_NULL_PATH;
  one->profile_name[0] = '\0';
  if (XR_SUCCEEDED(calls->StringToPath(handle, side ? "/user/hand/right" : "/user/hand/left", &hand)) &&
      XR_SUCCEEDED(calls->GetCurrentInteractionProfile(all->handle, hand, &state)) &&
      state.interactionProfile != XR_NULL_PATH &&
      XR_SUCCEEDED(calls->PathToString(
          handle, state.interactionProfile, sizeof one->profile_name, &length, one->profile_name)))
    one->profile = state.interactionProfile;
  for (i = 0; i < OWN_OF_HANDS; i++)
    one->app[i] = actions_app_source(
        &instance->actions, calls, handle, one->profile, one->profile_name, (enum own_action)i, side);
  for (i = 0; i < 2; i++) {
    destroy_space(calls, &one->app_space[i]);
    one->app_space[i] = action_space(calls, all->handle, one->app[i].action, one->app[i].subaction);
    if (one->own_space[i] == XR_NULL_HANDLE && atomic_load(&all->session->own_attached))
      one->own_space[i] = action_space(calls, all->handle, instance->actions.own[i], instance->actions.hands[side]);
  }
}

/* How one own action is read: its own state, else the app's. */
typedef struct reading {
  const controllers_t *all;
  const calls_t *calls;
  const controller_t *one;
  XrPath hand;
  int own; /* whether our own set is attached */
} reading_t;

static int get_float(const reading_t *r, XrAction action, XrPath subaction, float *value) {
  XrActionStateGetInfo info = {.type = XR_TYPE_ACTION_STATE_GET_INFO, .action = action, .subactionPath = subaction};
  XrActionStateFloat state = {.type = XR_TYPE_ACTION_STATE_FLOAT};
  if (XR_FAILED(r->calls->GetActionStateFloat(r->all->handle, &info, &state)) || !state.isActive) return 0;
  *value = state.currentState;
  return 1;
}

static int get_boolean(const reading_t *r, XrAction action, XrPath subaction, float *value) {
  XrActionStateGetInfo info = {.type = XR_TYPE_ACTION_STATE_GET_INFO, .action = action, .subactionPath = subaction};
  XrActionStateBoolean state = {.type = XR_TYPE_ACTION_STATE_BOOLEAN};
  if (XR_FAILED(r->calls->GetActionStateBoolean(r->all->handle, &info, &state)) || !state.isActive) return 0;
  *value = state.currentState ? 1.f : 0.f;
  return 1;
}

static int get_vector(const reading_t *r, XrAction action, XrPath subaction, float *value) {
  XrActionStateGetInfo info = {.type = XR_TYPE_ACTION_STATE_GET_INFO, .action = action, .subactionPath = subaction};
  XrActionStateVector2f state = {.type = XR_TYPE_ACTION_STATE_VECTOR2F};
  if (XR_FAILED(r->calls->GetActionStateVector2f(r->all->handle, &info, &state)) || !state.isActive) return 0;
  value[0] = state.currentState.x;
  value[1] = state.currentState.y;
  return 1;
}

static int get_pose(const reading_t *r, XrAction action, XrPath subaction) {
  XrActionStateGetInfo info = {.type = XR_TYPE_ACTION_STATE_GET_INFO, .action = action, .subactionPath = subaction};
  XrActionStatePose state = {.type = XR_TYPE_ACTION_STATE_POSE};
  return XR_SUCCEEDED(r->calls->GetActionStatePose(r->all->handle, &info, &state)) && state.isActive;
}

static int get(const reading_t *r, XrActionType type, XrAction action, XrPath subaction, float *value) {
  switch (type) {
    case XR_ACTION_TYPE_FLOAT_INPUT:
      return get_float(r, action, subaction, value);
    case XR_ACTION_TYPE_VECTOR2F_INPUT:
      return get_vector(r, action, subaction, value);
    case XR_ACTION_TYPE_POSE_INPUT:
      return get_pose(r, action, subaction);
    default:
      return get_boolean(r, action, subaction, value);
  }
}

/* 0: not there; 1: from our own action; 2: from the app's. */
static int read_action(const reading_t *r, enum own_action which, float *value) {
  const app_source_t *app = &r->one->app[which];
  const actions_t *actions = &r->all->session->instance->actions;
  if (r->own && get(r, profiles_action_type(which), actions->own[which], r->hand, value)) return 1;
  return app->action != XR_NULL_HANDLE && get(r, app->type, app->action, app->subaction, value) ? 2 : 0;
}

static void read_buttons(const reading_t *r, layer_hand_t *out) {
  float *const axes[4] = {&out->trigger, &out->squeeze, out->stick, out->trackpad};
  uint32_t i;
  for (i = 0; i < 4; i++)
    if (read_action(r, (enum own_action)(OWN_TRIGGER + i), axes[i]) == 2) out->from_app |= 1u << i;
  for (i = 0; i < 8; i++) {
    float value = 0;
    if (read_action(r, (enum own_action)(OWN_PRESS + i), &value)) out->offered |= 1u << i;
    if (value > PRESSED_AT) out->pressed |= 1u << i;
    value = 0;
    if (i != 6 && read_action(r, (enum own_action)(OWN_TOUCH + i), &value) && value > PRESSED_AT)
      out->touched |= 1u << i;
  }
}

static void read_poses(const reading_t *r, XrTime time, layer_hand_t *out) {
  layer_pose_t *const poses[2] = {&out->grip, &out->aim};
  int i, found;
  for (i = 0; i < 2; i++) {
    found = read_action(r, (enum own_action)(OWN_GRIP + i), NULL);
    if (!found) continue;
    out->controller_active = 1;
    if (found == 1) controllers_locate(r->calls, r->one->own_space[i], r->all->base, time, poses[i]);
    if (poses[i]->flags & 3) continue;
    controllers_locate(r->calls, r->one->app_space[i], r->all->base, time, poses[i]);
    if (poses[i]->flags & 3) out->from_app |= 16u << i;
  }
}

void controllers_read(controllers_t *controllers, XrTime time, layer_input_t *input) {
  session_t *session = controllers->session;
  actions_t *actions = &session->instance->actions;
  uint32_t changes = atomic_load(&session->profile_changes);
  int side;
  if (!atomic_load(&session->attached)) return;
  input->flags |= LAYER_INPUT_ATTACHED;
  if (atomic_load(&session->own_attached) && !atomic_load(&session->own_refused))
    input->flags |= LAYER_INPUT_OWN_ACTIONS;
  lock_take(&actions->lock);
  if (!controllers->known || changes != controllers->profile_changes ||
      actions->changes != controllers->action_changes) {
    for (side = 0; side < 2; side++) identify(controllers, side);
    controllers->profile_changes = changes;
    controllers->action_changes = actions->changes;
    controllers->known = 1;
  }
  for (side = 0; side < 2; side++) {
    reading_t reading = {controllers, &session->instance->calls, &controllers->side[side], actions->hands[side],
                         (input->flags & LAYER_INPUT_OWN_ACTIONS) != 0};
    layer_hand_t *out = &input->hands[side];
    snprintf(out->profile, sizeof out->profile, "%.95s", controllers->side[side].profile_name);
    read_poses(&reading, time, out);
    read_buttons(&reading, out);
  }
  lock_give(&actions->lock);
}

void controllers_close(controllers_t *controllers) {
  int side, i;
  for (side = 0; side < 2; side++) {
    for (i = 0; i < 2; i++) {
      destroy_space(&controllers->session->instance->calls, &controllers->side[side].own_space[i]);
      destroy_space(&controllers->session->instance->calls, &controllers->side[side].app_space[i]);
    }
  }
}
