/* hooks_actions.c - actions of the app: noted, and the layer's own set beside them.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>
#include <string.h>

#include "hooks.h"

XRAPI_ATTR XrResult XRAPI_CALL hook_CreateActionSet(
    XrInstance handle, const XrActionSetCreateInfo *info, XrActionSet *out) {
  instance_t *instance = tracked_instance(handle, LAYER_MODE_THREAD);
  instance_t *any = instance ? instance : tracked_any_instance(LAYER_MODE_THREAD);
  XrResult result;
  if (!any) return XR_ERROR_HANDLE_INVALID;
  result = any->calls.CreateActionSet(handle, info, out);
  if (instance && XR_SUCCEEDED(result)) actions_note_set(&instance->actions, *out);
  return result;
}

XRAPI_ATTR XrResult XRAPI_CALL hook_CreateAction(XrActionSet set, const XrActionCreateInfo *info, XrAction *out) {
  instance_t *instance = tracked_instance_of_set(set);
  instance_t *any = instance ? instance : tracked_any_instance(LAYER_MODE_THREAD);
  XrResult result;
  if (!any) return XR_ERROR_HANDLE_INVALID;
  result = any->calls.CreateAction(set, info, out);
  if (instance && XR_SUCCEEDED(result))
    actions_note_action(&instance->actions, &instance->calls, atomic_load(&instance->handle), set, info, *out);
  return result;
}

XRAPI_ATTR XrResult XRAPI_CALL hook_DestroyAction(XrAction action) {
  instance_t *instance = tracked_instance_of_action(action);
  instance_t *any = instance ? instance : tracked_any_instance(LAYER_MODE_THREAD);
  if (!any) return XR_ERROR_HANDLE_INVALID;
  if (instance) actions_forget_action(&instance->actions, action);
  return any->calls.DestroyAction(action);
}

XRAPI_ATTR XrResult XRAPI_CALL hook_DestroyActionSet(XrActionSet set) {
  instance_t *instance = tracked_instance_of_set(set);
  instance_t *any = instance ? instance : tracked_any_instance(LAYER_MODE_THREAD);
  if (!any) return XR_ERROR_HANDLE_INVALID;
  if (instance) actions_forget_set(&instance->actions, set);
  return any->calls.DestroyActionSet(set);
}

/* Own bindings for the profile that the app speaks of, on the sides that it binds there; never for others:
 * that could change which profile the runtime takes for a hand. Of the eyes none that the owner did not allow. */
static uint32_t own_bindings(
    instance_t *instance, XrInstance handle, XrPath profile, const int sides[2], XrActionSuggestedBinding *out) {
  char name[XR_MAX_PATH_LENGTH];
  uint32_t length = 0, count = 0;
  actions_t *actions = &instance->actions;
  if (!instance->settings.own_actions ||
      XR_FAILED(instance->calls.PathToString(handle, profile, sizeof name, &length, name)) ||
      (!strcmp(name, PROFILES_GAZE) && !instance->settings.gaze))
    return 0;
  lock_take(&actions->lock);
  if (actions_make_own(actions, &instance->calls, handle)) {
    count = actions_own_bindings(actions, &instance->calls, handle, name, sides, out);
    if (count && !strcmp(name, PROFILES_GAZE)) actions->gaze_suggested = 1;
  }
  lock_give(&actions->lock);
  return count;
}

/* The app's suggestion with ours behind it; 0: it was not made, or was refused. */
static int suggest_both(
    instance_t *instance, XrInstance handle, const XrInteractionProfileSuggestedBinding *suggested,
    XrResult *result) {
  XrActionSuggestedBinding own[OWN_MOST_BINDINGS], *both;
  XrInteractionProfileSuggestedBinding info = *suggested;
  size_t i, theirs = suggested->countSuggestedBindings;
  uint32_t count;
  int sides[2] = {0, 0};
  if (!theirs || theirs > 65536 || !suggested->suggestedBindings) return 0;
  for (i = 0; i < theirs; i++) {
    int side = actions_side_of(&instance->calls, handle, suggested->suggestedBindings[i].binding);
    if (side >= 0) sides[side] = 1;
  }
  count = own_bindings(instance, handle, suggested->interactionProfile, sides, own);
  if (!count) return 0;
  both = malloc((theirs + count) * sizeof *both);
  if (!both) return 0;
  memcpy(both, suggested->suggestedBindings, theirs * sizeof *both);
  memcpy(both + theirs, own, count * sizeof *both);
  info.suggestedBindings = both;
  info.countSuggestedBindings += count;
  *result = instance->calls.SuggestInteractionProfileBindings(handle, &info);
  free(both);
  return XR_SUCCEEDED(*result);
}

XRAPI_ATTR XrResult XRAPI_CALL hook_SuggestInteractionProfileBindings(
    XrInstance handle, const XrInteractionProfileSuggestedBinding *suggested) {
  instance_t *instance = tracked_instance(handle, LAYER_MODE_THREAD);
  instance_t *any = instance ? instance : tracked_any_instance(LAYER_MODE_THREAD);
  XrResult result;
  if (!any) return XR_ERROR_HANDLE_INVALID;
  if (!instance || !suggested || !suggest_both(instance, handle, suggested, &result))
    result = any->calls.SuggestInteractionProfileBindings(handle, suggested);
  if (instance && XR_SUCCEEDED(result))
    actions_note_bindings(&instance->actions, &instance->calls, handle, suggested);
  return result;
}

/* The eyes have a user path of their own, so that this changes nothing for the hands. */
static void suggest_gaze(instance_t *instance, XrInstance handle) {
  XrActionSuggestedBinding own[OWN_MOST_BINDINGS];
  XrInteractionProfileSuggestedBinding info = {.type = XR_TYPE_INTERACTION_PROFILE_SUGGESTED_BINDING};
  const calls_t *calls = &instance->calls;
  const int no_hands[2] = {0, 0};
  int done;
  lock_take(&instance->actions.lock);
  done = instance->actions.gaze_suggested;
  lock_give(&instance->actions.lock);
  if (done || !(instance->extensions & LAYER_EXT_GAZE) || !instance->settings.gaze ||
      XR_FAILED(calls->StringToPath(handle, PROFILES_GAZE, &info.interactionProfile)))
    return;
  info.countSuggestedBindings = own_bindings(instance, handle, info.interactionProfile, no_hands, own);
  info.suggestedBindings = own;
  if (info.countSuggestedBindings) calls->SuggestInteractionProfileBindings(handle, &info);
}

/* The app's sets with ours behind them; 0: it was not done, or was refused. */
static int attach_both(
    session_t *session, XrSession handle, const XrSessionActionSetsAttachInfo *info, XrResult *result) {
  instance_t *instance = session->instance;
  XrSessionActionSetsAttachInfo with = *info;
  size_t theirs = info->countActionSets;
  XrActionSet *both;
  suggest_gaze(instance, atomic_load(&instance->handle));
  if (!atomic_load_explicit(&instance->actions.own_ready, memory_order_acquire) || theirs > 65536) return 0;
  both = malloc((theirs + 1) * sizeof *both);
  if (!both) return 0;
  if (theirs) memcpy(both, info->actionSets, theirs * sizeof *both);
  both[theirs] = instance->actions.own_set;
  with.actionSets = both;
  with.countActionSets++;
  *result = instance->calls.AttachSessionActionSets(handle, &with);
  free(both);
  return XR_SUCCEEDED(*result);
}

XRAPI_ATTR XrResult XRAPI_CALL hook_AttachSessionActionSets(
    XrSession handle, const XrSessionActionSetsAttachInfo *info) {
  session_t *session = tracked_session(handle);
  const calls_t *calls = tracked_calls(session, LAYER_MODE_THREAD);
  XrResult result;
  int own;
  if (!calls) return XR_ERROR_HANDLE_INVALID;
  own = session && info && info->countActionSets && info->actionSets && attach_both(session, handle, info, &result);
  if (!own) result = calls->AttachSessionActionSets(handle, info);
  if (session && XR_SUCCEEDED(result)) {
    atomic_store(&session->own_attached, own);
    atomic_fetch_add(&session->profile_changes, 1);
    atomic_store(&session->attached, 1);
  }
  return result;
}

#define SYNC_HERE 16 /* sets without memory of the heap, in each frame */

static int sync_both(session_t *session, XrSession handle, const XrActionsSyncInfo *info, XrResult *result) {
  XrActiveActionSet here[SYNC_HERE + 1], *both = here;
  XrActionsSyncInfo with = *info;
  size_t theirs = info->countActiveActionSets;
  if (theirs > 65536 || (theirs && !info->activeActionSets)) return 0;
  if (theirs > SYNC_HERE && (both = malloc((theirs + 1) * sizeof *both)) == NULL) return 0;
  if (theirs) memcpy(both, info->activeActionSets, theirs * sizeof *both);
  both[theirs] = (XrActiveActionSet){session->instance->actions.own_set, XR_NULL_PATH};
  with.activeActionSets = both;
  with.countActiveActionSets++;
  *result = session->instance->calls.SyncActions(handle, &with);
  if (both != here) free(both);
  return XR_SUCCEEDED(*result);
}

XRAPI_ATTR XrResult XRAPI_CALL hook_SyncActions(XrSession handle, const XrActionsSyncInfo *info) {
  session_t *session = tracked_session(handle);
  const calls_t *calls = tracked_calls(session, LAYER_MODE_THREAD);
  XrResult result;
  int own;
  if (!calls) return XR_ERROR_HANDLE_INVALID;
  own = session && info && atomic_load(&session->own_attached) && !atomic_load(&session->own_refused);
  if (!own || !sync_both(session, handle, info, &result)) {
    result = calls->SyncActions(handle, info);
    /* Refused with ours, good without: not asked again, or each frame would pay for it. */
    if (own && XR_SUCCEEDED(result)) atomic_store(&session->own_refused, 1);
  }
  if (session) atomic_store(&session->sync_result, result);
  return result;
}
