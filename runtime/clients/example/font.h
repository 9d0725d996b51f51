/* font.h - a stroke font of our own, in the public domain: lines on a grid of 5 x 9 points.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef VIEWER_FONT_H
#define VIEWER_FONT_H

/* Capitals reach from row 2 (the baseline) to row 8, small letters to row 6. */
#define FONT_BASELINE 2
#define FONT_CAPITAL 6

/* The strokes of a letter: points as two digits, column 0..4 and row 0..8; a space lifts the pen.
 * A letter that the font lacks is a box. */
const char *font_strokes(char letter);

/* Its first column and its width in columns; digits are all alike. */
void font_extent(char letter, int *first, int *columns);

#endif
