/* window.h - one window with an OpenGL context; window_x11.c and window_win32.c make it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef VIEWER_WINDOW_H
#define VIEWER_WINDOW_H

#include <stdint.h>

typedef struct window window_t;

/* What the user did since the last frame. */
typedef struct window_input {
  int closed;           /* the window was closed, or Escape or Q pressed */
  float drag_x, drag_y; /* pixels that the mouse was dragged by */
  float wheel;          /* notches, up is positive */
} window_input_t;

/* Opens the window and makes its context current. `hidden`: nothing appears on the screen.
 * `samples`: for antialiasing, 0 for none; fewer are taken where there are not so many.
 * NULL: there is no display or no OpenGL; `window_error()` says which. */
window_t *window_open(const char *title, int width, int height, int hidden, int samples);
const char *window_error(void);

void window_poll(window_t *w, window_input_t *input);
void window_size(const window_t *w, int *width, int *height);

/* The display's rate in Hz; 0 where the system does not say. */
double window_rate(window_t *w);

/* Swaps wait for the display (1) or do not (0); gives 0 where that cannot be chosen. */
int window_sync(window_t *w, int wait);
void window_swap(window_t *w);

/* An OpenGL function by its name, or NULL. */
typedef void (*window_function)(void);
window_function window_lookup(const char *name);

/* Sleeps until the monotonic time `ns` of sensorium_now_ns(). */
void window_sleep_until(uint64_t ns);

void window_close(window_t *w);

#endif
