/* settings.h - what the owner allows the layer to do in this app: the file `layer.allow`.
 *
 *   sensorium-layer 1
 *   timing HelloXR
 *   thread,gaze /usr/bin/hello_xr
 *
 * The first line names the format. Then a line an app: mode and options, one space, and who it is for:
 * the app's name as it gives it to OpenXR, the file name of its program, or the program's whole path. The first line that fits counts; without one the layer does nothing. A line that cannot be
 * read fits nobody. Modes: off, timing, thread. Options: app-actions (no action set of our own), no-hands,
 * gaze (eyes are sampled only with it), hz=N (10 to 1000, in the place of the display's rate).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LAYER_SETTINGS_H
#define LAYER_SETTINGS_H

#include <stdint.h>

typedef struct settings {
  uint32_t mode; /* LAYER_MODE_... */
  uint32_t hz;   /* 0: the display's rate */
  int own_actions, hands, gaze;
} settings_t;

/* What `text` allows the app with this name and program. The text is changed. */
settings_t settings_parse(char *text, const char *app, const char *program);

/* What the owner's list allows this process, under this name. */
settings_t settings_read(const char *app);

#endif
