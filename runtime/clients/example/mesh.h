/* mesh.h - three unit shapes, lit and coloured by one shader.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef VIEWER_MESH_H
#define VIEWER_MESH_H

#include "matrix.h"

typedef enum shape {
  SHAPE_BALL,  /* radius 1 about the origin */
  SHAPE_TUBE,  /* radius 1 about z, from z = 0 to 1 */
  SHAPE_BLOCK, /* a box of half extents 1 with round edges */
  SHAPES
} shape;

typedef struct colour {
  float r, g, b, a;
} colour;

/* The lights' view of a frame. */
typedef struct view {
  mat4 projection; /* clip space from the world */
  vec3 eye;
} view;

/* Makes the shapes and the shader; gives 0 and gl_error() when it fails. */
int mesh_open(void);

/* What is drawn until the next call is seen through this view. */
void mesh_begin(const view *v);

/* Draws a shape of `size` (x, y, z), turned, at a place. `glow` 0..1: light of its own. */
void mesh_draw(shape which, vec3 place, const mat3 *turn, vec3 size, colour c, float glow);

/* A tube from a to b, thicker or thinner at its ends. */
void mesh_tube(vec3 a, vec3 b, float radius_a, float radius_b, colour c, float glow);
void mesh_ball(vec3 place, float radius, colour c, float glow);

#endif
