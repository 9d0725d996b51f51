/* floor.h - the background and a floor with an antialiased grid.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef VIEWER_FLOOR_H
#define VIEWER_FLOOR_H

#include "mesh.h"

#define FLOOR_SHADOWS 3

int floor_open(void);

/* Draws both wherever nothing stands before them yet, in a window of so many rows. `shadows`: x, z
 * and radius in metres of soft dark spots; a radius of 0 draws none. */
void floor_draw(const view *v, float height_m, const vec3 shadows[FLOOR_SHADOWS], int rows);

#endif
