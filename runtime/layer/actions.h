/* actions.h - the layer's own actions, and what is known of the app's.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LAYER_ACTIONS_H
#define LAYER_ACTIONS_H

#include <stdatomic.h>

#include "calls.h"
#include "platform.h"
#include "profiles.h"

/* An action of the app. */
typedef struct app_action {
  XrAction action;
  XrActionSet set;
  XrActionType type;
  int of_hand[2], has_subactions; /* which hands it may be asked for */
} app_action_t;

/* A binding that the app suggested. */
typedef struct app_binding {
  XrPath profile, path;
  XrAction action;
  int side; /* 0 left, 1 right, -1 neither */
} app_binding_t;

typedef struct actions {
  lock_t lock; /* of all but what says otherwise; held while an action of the app is used */
  int own_tried, gaze_suggested;
  _Atomic int own_ready; /* 1: the set and its actions stand, and stay so as long as the instance */
  XrActionSet own_set;
  XrAction own[OWN_COUNT];
  XrPath hands[2];
  uint32_t changes; /* of what follows */
  XrActionSet *sets; /* of the app */
  size_t set_count, set_room;
  app_action_t *app_actions;
  size_t action_count, action_room;
  app_binding_t *bindings;
  size_t binding_count, binding_room;
} actions_t;

/* Makes the own set once; 0: the runtime refused. The lock is held by the caller. */
int actions_make_own(actions_t *actions, const calls_t *calls, XrInstance instance);

/* The bindings of the own set for a profile, at most OWN_MOST_BINDINGS, on these sides; gives their number. */
#define OWN_MOST_BINDINGS (2 * OWN_OF_HANDS + 1)
uint32_t actions_own_bindings(
    const actions_t *actions, const calls_t *calls, XrInstance instance, const char *profile, const int sides[2],
    XrActionSuggestedBinding *out);

/* Where the state of an own action is read from instead: an action of the app. */
typedef struct app_source {
  XrAction action; /* none: XR_NULL_HANDLE */
  XrActionType type;
  XrPath subaction;
} app_source_t;

/* Forgets all and frees it; the handles are the instance's and go with it. */
void actions_clear(actions_t *actions);

/* Whose component a path is: 0 the left hand's, 1 the right's, -1 neither's. */
int actions_side_of(const calls_t *calls, XrInstance instance, XrPath path);

int actions_has_set(actions_t *actions, XrActionSet set);
int actions_has_action(actions_t *actions, XrAction action);

/* What the app makes and destroys. */
void actions_note_set(actions_t *actions, XrActionSet set);
void actions_note_action(
    actions_t *actions, const calls_t *calls, XrInstance instance, XrActionSet set, const XrActionCreateInfo *info,
    XrAction action);
void actions_forget_action(actions_t *actions, XrAction action);
void actions_forget_set(actions_t *actions, XrActionSet set);
void actions_note_bindings(
    actions_t *actions, const calls_t *calls, XrInstance instance,
    const XrInteractionProfileSuggestedBinding *suggested);

/* The app's action on the path of an own one in this profile. The lock is held by the caller. */
app_source_t actions_app_source(
    const actions_t *actions, const calls_t *calls, XrInstance instance, XrPath profile, const char *profile_name,
    enum own_action action, int side);

#endif
