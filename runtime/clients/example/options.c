/* SPDX-License-Identifier: Apache-2.0 */
#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char options_usage[] =
    "usage: viewer [--seconds N] [--frames N] [--rate HZ] [--size WxH] [--samples N]\n"
    "              [--hidden] [--hold] [--screenshot FILE.png] [--times FILE] [--json]\n"
    "              [--runtime-dir DIR]\n"
    "\n"
    "Draws head, hands and voice as Sensorium's daemon publishes them.\n"
    "\n"
    "  --seconds N         end after N seconds\n"
    "  --frames N          end after N frames\n"
    "  --rate HZ           frames a second; without it the display's rate\n"
    "  --size WxH          of the window in pixels (1280x720)\n"
    "  --samples N         for antialiasing (4; 0 for none)\n"
    "  --hidden            draw, but show no window\n"
    "  --hold              draw the same hands in every frame, whatever is read: to compare times\n"
    "  --screenshot FILE   write the last frame as PNG\n"
    "  --times FILE        write the begin and end of each frame to FILE, as 64-bit integers, monotonic ns\n"
    "  --json              print one JSON object at the end, and nothing before\n"
    "  --runtime-dir DIR   of the daemon (SENSORIUM_RUNTIME_DIR, else the user's own)\n"
    "\n"
    "Drag to look around, wheel to come nearer, Escape to end.\n";

static int number(const char *name, const char *text, double low, double high, double *out) {
  char *end;
  *out = strtod(text, &end);
  if (end != text && !*end && *out >= low && *out <= high) return 1;
  fprintf(stderr, "viewer: %s %s: needs a number from %g to %g\n", name, text, low, high);
  return 0;
}

static int size(const char *text, int *width, int *height) {
  if (sscanf(text, "%dx%d", width, height) == 2 && *width >= 320 && *height >= 240 && *width <= 7680 &&
      *height <= 4320)
    return 1;
  fprintf(stderr, "viewer: --size %s: needs WIDTHxHEIGHT from 320x240 to 7680x4320\n", text);
  return 0;
}

static int take(options_t *o, const char *name, const char *value) {
  double n = 0;
  if (!strcmp(name, "--seconds")) return number(name, value, 0, 1e6, &o->seconds);
  if (!strcmp(name, "--rate")) return number(name, value, 1, 1000, &o->rate_hz);
  if (!strcmp(name, "--size")) return size(value, &o->width, &o->height);
  if (!strcmp(name, "--frames")) {
    if (!number(name, value, 0, 1e9, &n)) return 0;
    o->frames = (uint64_t)n;
  } else if (!strcmp(name, "--samples")) {
    if (!number(name, value, 0, 16, &n)) return 0;
    o->samples = (int)n;
  } else if (!strcmp(name, "--screenshot")) {
    o->screenshot = value;
  } else if (!strcmp(name, "--times")) {
    o->times = value;
  } else if (!strcmp(name, "--runtime-dir")) {
    o->directory = value;
  } else {
    fprintf(stderr, "viewer: unknown option %s\n", name);
    return 0;
  }
  return 1;
}

int options_parse(options_t *o, int count, char **arguments) {
  int i;
  memset(o, 0, sizeof *o);
  o->width = 1280;
  o->height = 720;
  o->samples = 4;
  for (i = 1; i < count; i++) {
    if (!strcmp(arguments[i], "--hidden")) o->hidden = 1;
    else if (!strcmp(arguments[i], "--hold")) o->hold = 1;
    else if (!strcmp(arguments[i], "--json")) o->json = 1;
    else if (!strcmp(arguments[i], "--help")) o->help = 1;
    else if (i + 1 < count) {
      if (!take(o, arguments[i], arguments[i + 1])) return 0;
      i++;
    } else {
      fprintf(stderr, "viewer: %s: unknown, or its value is missing\n", arguments[i]);
      return 0;
    }
  }
  return 1;
}
