/* scene.h - the 3D view: floor, targets, head and hands, seen by a camera behind the wearer.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef VIEWER_SCENE_H
#define VIEWER_SCENE_H

#include "senses.h" /* first: it chooses the system headers */

#include "mesh.h"

extern const colour LEFT_COLOUR, RIGHT_COLOUR, GREY_COLOUR;

typedef struct camera {
  float around, up, away; /* of the eye about the pivot: radians, radians, metres */
  float fov_y;            /* radians */
  vec3 pivot, eye;        /* metres; `eye` is computed */
} camera_t;

void camera_start(camera_t *c);

/* Follows head and hands softly; `seconds` since the last frame. */
void camera_follow(camera_t *c, const senses_t *s, float seconds);

/* Draws the frame's 3D part into a viewport of this size. */
void scene_draw(const camera_t *c, const senses_t *s, int width, int height);

#endif
