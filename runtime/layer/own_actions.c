/* own_actions.c - the layer's own action set: which actions, and what they are bound to.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <string.h>

#include "actions.h"

static int make_action(actions_t *actions, const calls_t *calls, enum own_action action) {
  XrActionCreateInfo info = {.type = XR_TYPE_ACTION_CREATE_INFO};
  snprintf(info.actionName, sizeof info.actionName, "sensorium_%s", profiles_action_name(action));
  snprintf(info.localizedActionName, sizeof info.localizedActionName, "Sensorium %s", profiles_action_name(action));
  info.actionType = profiles_action_type(action);
  if (action < OWN_OF_HANDS) {
    info.countSubactionPaths = 2;
    info.subactionPaths = actions->hands;
  }
  return XR_SUCCEEDED(calls->CreateAction(actions->own_set, &info, &actions->own[action]));
}

int actions_make_own(actions_t *actions, const calls_t *calls, XrInstance instance) {
  /* Of priority 0, the lowest: it never keeps anything from the app. */
  XrActionSetCreateInfo info = {
      .type = XR_TYPE_ACTION_SET_CREATE_INFO, .actionSetName = "sensorium_layer",
      .localizedActionSetName = "Sensorium layer"};
  int i;
  if (actions->own_tried) return atomic_load(&actions->own_ready);
  actions->own_tried = 1;
  if (XR_FAILED(calls->StringToPath(instance, "/user/hand/left", &actions->hands[0])) ||
      XR_FAILED(calls->StringToPath(instance, "/user/hand/right", &actions->hands[1])) ||
      XR_FAILED(calls->CreateActionSet(instance, &info, &actions->own_set)))
    return 0;
  for (i = 0; i < OWN_COUNT; i++) {
    if (make_action(actions, calls, (enum own_action)i)) continue;
    calls->DestroyActionSet(actions->own_set);
    return 0;
  }
  atomic_store_explicit(&actions->own_ready, 1, memory_order_release);
  return 1;
}

static uint32_t add_binding(
    const actions_t *actions, const calls_t *calls, XrInstance instance, enum own_action action, const char *path,
    XrActionSuggestedBinding *out) {
  out->action = actions->own[action];
  return XR_SUCCEEDED(calls->StringToPath(instance, path, &out->binding)) ? 1 : 0;
}

uint32_t actions_own_bindings(
    const actions_t *actions, const calls_t *calls, XrInstance instance, const char *profile, const int sides[2],
    XrActionSuggestedBinding *out) {
  static const char *const names[2] = {"left", "right"};
  char path[XR_MAX_PATH_LENGTH];
  uint32_t count = 0;
  int i, side;
  if (!strcmp(profile, PROFILES_GAZE))
    return add_binding(actions, calls, instance, OWN_GAZE, PROFILES_GAZE_PATH, out);
  for (side = 0; side < 2; side++) {
    for (i = 0; i < OWN_OF_HANDS && sides[side]; i++) {
      const char *component = profiles_component(profile, (enum own_action)i, side);
      if (!component) continue;
      snprintf(path, sizeof path, "/user/hand/%s/input/%s", names[side], component);
      count += add_binding(actions, calls, instance, (enum own_action)i, path, out + count);
    }
  }
  return count;
}
