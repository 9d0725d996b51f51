/* app_actions.c - what the app makes and binds, and which of it lies on a path.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actions.h"

#define MOST 8192 /* actions or bindings; no app has as many, and none may fill the memory */

static const char *const hand_paths[2] = {"/user/hand/left", "/user/hand/right"};

/* Room for one more; 0: there is none. */
static int grow(void **array, size_t *room, size_t count, size_t item) {
  size_t wanted = *room ? 2 * *room : 64;
  void *more;
  if (count < *room) return 1;
  if (count >= MOST || (more = realloc(*array, wanted * item)) == NULL) return 0;
  *array = more;
  *room = wanted;
  return 1;
}

void actions_clear(actions_t *actions) {
  lock_take(&actions->lock);
  free(actions->sets);
  free(actions->app_actions);
  free(actions->bindings);
  actions->sets = NULL;
  actions->app_actions = NULL;
  actions->bindings = NULL;
  actions->set_count = actions->set_room = 0;
  actions->action_count = actions->action_room = actions->binding_count = actions->binding_room = 0;
  actions->own_tried = actions->gaze_suggested = 0;
  actions->own_set = XR_NULL_HANDLE;
  actions->changes++;
  atomic_store(&actions->own_ready, 0);
  lock_give(&actions->lock);
}

int actions_has_set(actions_t *actions, XrActionSet set) {
  size_t i;
  int has = 0;
  lock_take(&actions->lock);
  for (i = 0; i < actions->set_count && !has; i++) has = actions->sets[i] == set;
  lock_give(&actions->lock);
  return has;
}

int actions_has_action(actions_t *actions, XrAction action) {
  size_t i;
  int has = 0;
  lock_take(&actions->lock);
  for (i = 0; i < actions->action_count && !has; i++) has = actions->app_actions[i].action == action;
  lock_give(&actions->lock);
  return has;
}

void actions_note_set(actions_t *actions, XrActionSet set) {
  lock_take(&actions->lock);
  if (grow((void **)&actions->sets, &actions->set_room, actions->set_count, sizeof set))
    actions->sets[actions->set_count++] = set;
  lock_give(&actions->lock);
}

void actions_note_action(
    actions_t *actions, const calls_t *calls, XrInstance instance, XrActionSet set, const XrActionCreateInfo *info,
    XrAction action) {
  app_action_t noted = {action, set, info->actionType, {0, 0}, info->countSubactionPaths > 0};
  uint32_t i;
  int side;
  for (side = 0; side < 2; side++) {
    XrPath hand = XR_NULL_PATH;
    if (XR_FAILED(calls->StringToPath(instance, hand_paths[side], &hand))) continue;
    for (i = 0; i < info->countSubactionPaths; i++)
      if (info->subactionPaths[i] == hand) noted.of_hand[side] = 1;
  }
  lock_take(&actions->lock);
  if (grow((void **)&actions->app_actions, &actions->action_room, actions->action_count, sizeof noted)) {
    actions->app_actions[actions->action_count++] = noted;
    actions->changes++;
  }
  lock_give(&actions->lock);
}

/* Drops the bindings of actions that are not noted (any more), or of one profile. */
static void drop_bindings(actions_t *actions, XrAction action, XrPath profile) {
  size_t i, kept = 0;
  for (i = 0; i < actions->binding_count; i++) {
    const app_binding_t *each = &actions->bindings[i];
    if ((action == XR_NULL_HANDLE || each->action != action) && (profile == XR_NULL_PATH || each->profile != profile))
      actions->bindings[kept++] = *each;
  }
  actions->binding_count = kept;
}

static void forget(actions_t *actions, XrAction action, XrActionSet set) {
  size_t i, kept = 0;
  lock_take(&actions->lock);
  for (i = 0; i < actions->action_count; i++) {
    const app_action_t each = actions->app_actions[i];
    if ((action != XR_NULL_HANDLE && each.action == action) || (set != XR_NULL_HANDLE && each.set == set)) {
      drop_bindings(actions, each.action, XR_NULL_PATH);
    } else {
      actions->app_actions[kept++] = each;
    }
  }
  actions->action_count = kept;
  for (i = kept = 0; i < actions->set_count; i++)
    if (set == XR_NULL_HANDLE || actions->sets[i] != set) actions->sets[kept++] = actions->sets[i];
  actions->set_count = kept;
  actions->changes++;
  lock_give(&actions->lock);
}

void actions_forget_action(actions_t *actions, XrAction action) { forget(actions, action, XR_NULL_HANDLE); }

void actions_forget_set(actions_t *actions, XrActionSet set) { forget(actions, XR_NULL_HANDLE, set); }

int actions_side_of(const calls_t *calls, XrInstance instance, XrPath path) {
  char text[XR_MAX_PATH_LENGTH];
  uint32_t length = 0;
  int side;
  if (XR_FAILED(calls->PathToString(instance, path, sizeof text, &length, text))) return -1;
  for (side = 0; side < 2; side++) {
    size_t prefix = strlen(hand_paths[side]);
    if (!strncmp(text, hand_paths[side], prefix) && text[prefix] == '/') return side;
  }
  return -1;
}

void actions_note_bindings(
    actions_t *actions, const calls_t *calls, XrInstance instance,
    const XrInteractionProfileSuggestedBinding *suggested) {
  uint32_t i;
  lock_take(&actions->lock);
  drop_bindings(actions, XR_NULL_HANDLE, suggested->interactionProfile);
  for (i = 0; i < suggested->countSuggestedBindings; i++) {
    const XrActionSuggestedBinding *each = &suggested->suggestedBindings[i];
    if (!grow((void **)&actions->bindings, &actions->binding_room, actions->binding_count, sizeof(app_binding_t)))
      break;
    actions->bindings[actions->binding_count++] = (app_binding_t){
        suggested->interactionProfile, each->binding, each->action,
        actions_side_of(calls, instance, each->binding)};
  }
  actions->changes++;
  lock_give(&actions->lock);
}

static int type_serves(enum own_action action, XrActionType type) {
  XrActionType wanted = profiles_action_type(action);
  if (type == wanted) return 1;
  return (wanted == XR_ACTION_TYPE_FLOAT_INPUT && type == XR_ACTION_TYPE_BOOLEAN_INPUT) ||
         (wanted == XR_ACTION_TYPE_BOOLEAN_INPUT && type == XR_ACTION_TYPE_FLOAT_INPUT);
}

/* An action without subactions tells one hand only where it is bound on that side alone. */
static int bound_elsewhere(const actions_t *actions, const app_binding_t *here) {
  size_t i;
  for (i = 0; i < actions->binding_count; i++) {
    const app_binding_t *each = &actions->bindings[i];
    if (each->action == here->action && each->profile == here->profile && each->path != here->path) return 1;
  }
  return 0;
}

static app_source_t source_of(
    const actions_t *actions, const app_binding_t *binding, enum own_action wanted, XrPath hand) {
  const app_source_t none = {XR_NULL_HANDLE, XR_ACTION_TYPE_BOOLEAN_INPUT, XR_NULL_PATH};
  size_t i;
  for (i = 0; i < actions->action_count; i++) {
    const app_action_t *each = &actions->app_actions[i];
    if (each->action != binding->action) continue;
    if (!type_serves(wanted, each->type)) return none;
    if (each->of_hand[binding->side]) return (app_source_t){each->action, each->type, hand};
    if (each->has_subactions || bound_elsewhere(actions, binding)) return none;
    return (app_source_t){each->action, each->type, XR_NULL_PATH};
  }
  return none;
}

/* The ways in which apps name one component: `trigger/value` is also `trigger`, and `trigger/click` serves. */
static int spell(char *path, size_t size, int side, const char *component, int way) {
  static const char *const ends[] = {"", "/value", "/click"};
  const char *last = strchr(component, '/');
  int whole = last && (!strcmp(last, "/value") || !strcmp(last, "/click"));
  int length = whole ? (int)(last - component) : (int)strlen(component);
  if (way == 0) return snprintf(path, size, "%s/input/%s", hand_paths[side], component) > 0;
  if (!whole || way > 3) return 0;
  return snprintf(path, size, "%s/input/%.*s%s", hand_paths[side], length, component, ends[way - 1]) > 0;
}

app_source_t actions_app_source(
    const actions_t *actions, const calls_t *calls, XrInstance instance, XrPath profile, const char *profile_name,
    enum own_action action, int side) {
  app_source_t found = {XR_NULL_HANDLE, XR_ACTION_TYPE_BOOLEAN_INPUT, XR_NULL_PATH};
  const char *component = profiles_component(profile_name, action, side);
  char text[XR_MAX_PATH_LENGTH];
  XrPath path, hand;
  size_t i;
  int way;
  if (!component || XR_FAILED(calls->StringToPath(instance, hand_paths[side], &hand))) return found;
  for (way = 0; spell(text, sizeof text, side, component, way); way++) {
    if (XR_FAILED(calls->StringToPath(instance, text, &path))) continue;
    for (i = 0; i < actions->binding_count && found.action == XR_NULL_HANDLE; i++) {
      const app_binding_t *each = &actions->bindings[i];
      if (each->profile == profile && each->path == path && each->side == side)
        found = source_of(actions, each, action, hand);
    }
    if (found.action != XR_NULL_HANDLE) break;
  }
  return found;
}
