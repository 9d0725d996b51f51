/* controllers.h - poses, buttons and axes of both controllers, from our own actions or from the app's.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LAYER_CONTROLLERS_H
#define LAYER_CONTROLLERS_H

#include "tracked.h"

/* What the sampling thread keeps of one controller. */
typedef struct controller {
  XrPath profile;
  char profile_name[XR_MAX_PATH_LENGTH];
  app_source_t app[OWN_OF_HANDS];
  XrSpace own_space[2], app_space[2]; /* grip, aim */
} controller_t;

typedef struct controllers {
  session_t *session;
  XrSession handle;
  XrSpace base;
  uint32_t profile_changes, action_changes; /* that `side` was made for */
  int known;
  controller_t side[2];
} controllers_t;

/* Reads both into `input`: nothing before the app has attached action sets. */
void controllers_read(controllers_t *controllers, XrTime time, layer_input_t *input);

/* Destroys the spaces. */
void controllers_close(controllers_t *controllers);

/* A pose with its velocities; no flags where there is no space, or the runtime does not say. */
XrResult controllers_locate(const calls_t *calls, XrSpace space, XrSpace base, XrTime time, layer_pose_t *pose);

/* The bits of records.POSE. */
uint32_t controllers_flags(XrSpaceLocationFlags location, XrSpaceVelocityFlags velocity);

#endif
