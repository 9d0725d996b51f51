/* profiles.h - the actions of the layer's own set, and which component of which controller feeds them.
 *
 * The same tables as runtime/sensorium/sensors/openxr/bindings.py, from the OpenXR specification,
 * "Interaction Profile Paths"; tests/contract/test_layer_host.py compares them.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LAYER_PROFILES_H
#define LAYER_PROFILES_H

#include "openxr_headers.h"

enum own_action {
  OWN_GRIP,
  OWN_AIM,
  OWN_TRIGGER,
  OWN_SQUEEZE,
  OWN_STICK,
  OWN_TRACKPAD,
  OWN_PRESS,                  /* 8, in the order of their bits */
  OWN_TOUCH = OWN_PRESS + 8,  /* the same 8; no controller reports a touch of its menu button */
  OWN_OF_HANDS = OWN_TOUCH + 8,
  OWN_GAZE = OWN_OF_HANDS,
  OWN_COUNT
};

#define PROFILES_PREFIX "/interaction_profiles/"
#define PROFILES_GAZE "/interaction_profiles/ext/eye_gaze_interaction"
#define PROFILES_GAZE_PATH "/user/eyes_ext/input/gaze_ext/pose"

/* Of an own action: its name, and its type. */
const char *profiles_action_name(enum own_action action);
XrActionType profiles_action_type(enum own_action action);

/* The component below /user/hand/SIDE/input/ that feeds an action; side 0 left, 1 right. NULL: none does. */
const char *profiles_component(const char *profile, enum own_action action, int side);

#endif
