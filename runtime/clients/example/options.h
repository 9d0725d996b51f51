/* options.h - the command line.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef VIEWER_OPTIONS_H
#define VIEWER_OPTIONS_H

#include <stdint.h>

typedef struct options {
  double seconds;         /* 0: until the window is closed */
  uint64_t frames;        /* 0: no limit */
  double rate_hz;         /* 0: the display's */
  int width, height, samples;
  int hidden, hold, json, help;
  const char *screenshot; /* NULL: none */
  const char *times;      /* file for each frame's begin and end; NULL: none */
  const char *directory;  /* of the daemon; NULL: the user's own */
} options_t;

extern const char options_usage[];

/* Gives 0 and writes what is wrong to stderr. */
int options_parse(options_t *o, int count, char **arguments);

#endif
