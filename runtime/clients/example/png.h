/* png.h - writes what was drawn as a PNG file (stored, not compressed).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef VIEWER_PNG_H
#define VIEWER_PNG_H

/* `rgb`: rows from the bottom, as glReadPixels gives them, without padding. Gives 0 when the file
 * cannot be written. */
int png_write(const char *path, const unsigned char *rgb, int width, int height);

#endif
