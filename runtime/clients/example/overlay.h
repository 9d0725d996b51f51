/* overlay.h - text, bars, dots and panels over the 3D view, all as round-cornered boxes whose
 * edges the shader softens.
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Units are 1/720 of the window's height; (0, 0) is the top left corner.
 */
#ifndef VIEWER_OVERLAY_H
#define VIEWER_OVERLAY_H

#include "mesh.h"

int overlay_open(void);

/* Begins a frame's overlay; gives the window's width in overlay units (its height is 720). */
float overlay_begin(int width, int height);

void overlay_box(float x, float y, float width, float height, float corner, colour c);
void overlay_dot(float x, float y, float radius, colour c);

/* Text with its capitals' tops at y; `size` is the height of a capital. Gives its width. */
float overlay_text(float x, float y, float size, colour c, const char *text);
float overlay_text_width(float size, const char *text);

/* Draws what was collected. */
void overlay_end(void);

#endif
