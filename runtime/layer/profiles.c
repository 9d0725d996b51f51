/* profiles.c - see profiles.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "profiles.h"

#include <string.h>

enum { TRIGGER, SQUEEZE, STICK, TRACKPAD, PRIMARY, SECONDARY, MENU, SYSTEM };
#define PRESS(button) (OWN_PRESS + (button))
#define TOUCH(button) (OWN_TOUCH + (button))

typedef struct component {
  int action;
  const char *left, *right; /* NULL: that controller has none */
} component_t;

#define BOTH(action, path) {action, path, path}
#define TRIGGER_VALUE BOTH(OWN_TRIGGER, "trigger/value"), BOTH(PRESS(TRIGGER), "trigger/value")
#define TRIGGER_CLICK BOTH(OWN_TRIGGER, "trigger/value"), BOTH(PRESS(TRIGGER), "trigger/click")
#define SQUEEZE_VALUE BOTH(OWN_SQUEEZE, "squeeze/value"), BOTH(PRESS(SQUEEZE), "squeeze/value")
#define SQUEEZE_CLICK BOTH(OWN_SQUEEZE, "squeeze/click"), BOTH(PRESS(SQUEEZE), "squeeze/click")
#define SQUEEZE_BOTH BOTH(OWN_SQUEEZE, "squeeze/value"), BOTH(PRESS(SQUEEZE), "squeeze/click")
#define STICK_CLICK BOTH(OWN_STICK, "thumbstick"), BOTH(PRESS(STICK), "thumbstick/click")
#define TRACKPAD_CLICK BOTH(OWN_TRACKPAD, "trackpad"), BOTH(PRESS(TRACKPAD), "trackpad/click")
#define TRACKPAD_TOUCH BOTH(TOUCH(TRACKPAD), "trackpad/touch")
#define TOUCHES BOTH(TOUCH(TRIGGER), "trigger/touch"), BOTH(TOUCH(STICK), "thumbstick/touch")
#define XY_AB {PRESS(PRIMARY), "x/click", "a/click"}, {PRESS(SECONDARY), "y/click", "b/click"}
#define XY_AB_TOUCH {TOUCH(PRIMARY), "x/touch", "a/touch"}, {TOUCH(SECONDARY), "y/touch", "b/touch"}
#define MENU_BOTH BOTH(PRESS(MENU), "menu/click")
#define MENU_LEFT {PRESS(MENU), "menu/click", NULL}
#define SYSTEM_BOTH BOTH(PRESS(SYSTEM), "system/click")
#define SYSTEM_RIGHT {PRESS(SYSTEM), NULL, "system/click"}
#define PINCH BOTH(OWN_TRIGGER, "pinch_ext/value"), BOTH(PRESS(TRIGGER), "pinch_ext/value")
#define GRASP BOTH(OWN_SQUEEZE, "grasp_ext/value"), BOTH(PRESS(SQUEEZE), "grasp_ext/value")
#define META_TOUCH TRIGGER_VALUE, SQUEEZE_VALUE, STICK_CLICK, TOUCHES, XY_AB, XY_AB_TOUCH, MENU_LEFT
#define PICO TRIGGER_CLICK, STICK_CLICK, TOUCHES, SQUEEZE_BOTH, XY_AB, XY_AB_TOUCH, SYSTEM_BOTH
#define MOST_COMPONENTS 24

static const struct profile {
  const char *path;
  component_t components[MOST_COMPONENTS]; /* up to the first without any path */
} profiles[] = {
    {"khr/simple_controller",
     {BOTH(OWN_TRIGGER, "select/click"), BOTH(PRESS(TRIGGER), "select/click"), MENU_BOTH}},
    {"oculus/touch_controller", {META_TOUCH}},
    {"valve/index_controller",
     {TRIGGER_CLICK, SQUEEZE_VALUE, STICK_CLICK, TOUCHES, BOTH(PRESS(PRIMARY), "a/click"),
      BOTH(PRESS(SECONDARY), "b/click"), BOTH(TOUCH(PRIMARY), "a/touch"), BOTH(TOUCH(SECONDARY), "b/touch"),
      SYSTEM_BOTH, TRACKPAD_TOUCH, BOTH(OWN_TRACKPAD, "trackpad"), BOTH(PRESS(TRACKPAD), "trackpad/force"),
      BOTH(TOUCH(SYSTEM), "system/touch")}},
    {"htc/vive_controller",
     {TRIGGER_CLICK, SQUEEZE_CLICK, TRACKPAD_CLICK, TRACKPAD_TOUCH, MENU_BOTH, SYSTEM_BOTH}},
    {"microsoft/motion_controller",
     {TRIGGER_VALUE, SQUEEZE_CLICK, STICK_CLICK, TRACKPAD_CLICK, TRACKPAD_TOUCH, MENU_BOTH}},
    {"hp/mixed_reality_controller", {TRIGGER_VALUE, SQUEEZE_VALUE, STICK_CLICK, MENU_BOTH, XY_AB}},
    {"samsung/odyssey_controller",
     {TRIGGER_VALUE, SQUEEZE_CLICK, STICK_CLICK, TRACKPAD_CLICK, TRACKPAD_TOUCH, MENU_BOTH}},
    {"htc/vive_cosmos_controller",
     {TRIGGER_CLICK, SQUEEZE_CLICK, STICK_CLICK, BOTH(TOUCH(STICK), "thumbstick/touch"), XY_AB, MENU_LEFT,
      SYSTEM_RIGHT}},
    {"htc/vive_focus3_controller",
     {TRIGGER_CLICK, STICK_CLICK, TOUCHES, SQUEEZE_BOTH, BOTH(TOUCH(SQUEEZE), "squeeze/touch"), XY_AB, MENU_LEFT,
      SYSTEM_RIGHT}},
    {"bytedance/pico_neo3_controller", {PICO, MENU_BOTH}},
    {"bytedance/pico4_controller", {PICO, MENU_LEFT}},
    {"facebook/touch_controller_pro", {META_TOUCH}},
    {"meta/touch_controller_plus", {META_TOUCH}},
    {"ml/ml2_controller", {TRIGGER_CLICK, TRACKPAD_CLICK, TRACKPAD_TOUCH, MENU_BOTH}},
    {"ext/hand_interaction_ext", {PINCH, GRASP}},
};

const char *profiles_action_name(enum own_action action) {
  static const char *const names[OWN_COUNT] = {
      "grip",          "aim",           "trigger",       "squeeze",         "stick",        "trackpad",
      "press_trigger", "press_squeeze", "press_stick",   "press_trackpad",  "press_primary", "press_secondary",
      "press_menu",    "press_system",  "touch_trigger", "touch_squeeze",   "touch_stick",  "touch_trackpad",
      "touch_primary", "touch_secondary", "touch_menu",  "touch_system",    "gaze",
  };
  return names[action];
}

XrActionType profiles_action_type(enum own_action action) {
  switch (action) {
    case OWN_GRIP:
    case OWN_AIM:
    case OWN_GAZE:
      return XR_ACTION_TYPE_POSE_INPUT;
    case OWN_TRIGGER:
    case OWN_SQUEEZE:
      return XR_ACTION_TYPE_FLOAT_INPUT;
    case OWN_STICK:
    case OWN_TRACKPAD:
      return XR_ACTION_TYPE_VECTOR2F_INPUT;
    default:
      return XR_ACTION_TYPE_BOOLEAN_INPUT;
  }
}

static const struct profile *find(const char *profile) {
  size_t i, prefix = strlen(PROFILES_PREFIX);
  if (strncmp(profile, PROFILES_PREFIX, prefix) != 0) return NULL;
  for (i = 0; i < sizeof profiles / sizeof *profiles; i++)
    if (!strcmp(profiles[i].path, profile + prefix)) return &profiles[i];
  return NULL;
}

const char *profiles_component(const char *profile, enum own_action action, int side) {
  const struct profile *found = find(profile);
  const component_t *each;
  if (!found) return NULL;
  if (action == OWN_GRIP) return "grip/pose";
  if (action == OWN_AIM) return "aim/pose";
  for (each = found->components; each->left || each->right; each++)
    if (each->action == (int)action) return side ? each->right : each->left;
  return NULL;
}
