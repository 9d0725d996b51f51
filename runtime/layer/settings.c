/* settings.c - see settings.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "settings.h"

#include <stdlib.h>
#include <string.h>

#include "layout.h"
#include "platform.h"

#define FORMAT "sensorium-layer 1"
#define TEXT_MAX 65536

/* Cuts `*text` at the first of `end`; gives what was before it and leaves what is behind; NULL: at its end. */
static char *cut(char **text, char end) {
  char *begin = *text, *found;
  if (!begin) return NULL;
  found = strchr(begin, end);
  *text = found ? found + 1 : NULL;
  if (found) *found = '\0';
  return begin;
}

static char *cut_line(char **text) {
  char *line = cut(text, '\n');
  size_t length = line ? strlen(line) : 0;
  if (length && line[length - 1] == '\r') line[length - 1] = '\0';
  return line;
}

static int parse_word(settings_t *settings, const char *word) {
  if (!strcmp(word, "app-actions")) {
    settings->own_actions = 0;
  } else if (!strcmp(word, "no-hands")) {
    settings->hands = 0;
  } else if (!strcmp(word, "gaze")) {
    settings->gaze = 1;
  } else if (!strncmp(word, "hz=", 3)) {
    char *end;
    unsigned long hz = strtoul(word + 3, &end, 10);
    if (*end || word[3] < '0' || word[3] > '9' || hz < 10 || hz > 1000) return 0;
    settings->hz = (uint32_t)hz;
  } else {
    return 0;
  }
  return 1;
}

static int parse_mode(settings_t *settings, char *words) {
  static const char *const names[] = {"off", "timing", "thread"};
  const char *word = cut(&words, ',');
  uint32_t mode = 0;
  while (mode < 3 && strcmp(names[mode], word) != 0) mode++;
  if (mode == 3) return 0;
  *settings = (settings_t){.mode = mode, .own_actions = 1, .hands = 1};
  while ((word = cut(&words, ',')) != NULL)
    if (!parse_word(settings, word)) return 0;
  return 1;
}

/* Windows' names are the same in upper and lower case, and with either slash; only ASCII is folded. */
static int same_name(const char *a, const char *b) {
#ifdef _WIN32
  for (;; a++, b++) {
    char x = *a, y = *b;
    if (x >= 'A' && x <= 'Z') x += 'a' - 'A';
    if (y >= 'A' && y <= 'Z') y += 'a' - 'A';
    if ((x == '/' ? '\\' : x) != (y == '/' ? '\\' : y)) return 0;
    if (!x) return 1;
  }
#else
  return !strcmp(a, b);
#endif
}

static const char *last_part(const char *path) {
  const char *part = path;
  for (; *path; path++)
    if (*path == '/' || *path == '\\') part = path + 1;
  return part;
}

static int fits(const char *who, const char *app, const char *program) {
  if (!*who) return 0;
  if (!strcmp(who, app)) return 1;
  if (last_part(who) != who) return same_name(who, program);
  return *program && same_name(who, last_part(program));
}

settings_t settings_parse(char *text, const char *app, const char *program) {
  const settings_t none = {.mode = LAYER_MODE_OFF};
  settings_t settings;
  char *line = cut_line(&text);
  if (!line || strcmp(line, FORMAT) != 0) return none;
  while ((line = cut_line(&text)) != NULL) {
    char *mode = cut(&line, ' ');
    if (line && fits(line, app, program) && parse_mode(&settings, mode)) return settings;
  }
  return none;
}

settings_t settings_read(const char *app) {
  char program[PLATFORM_PATH_MAX];
  settings_t settings = {.mode = LAYER_MODE_OFF};
  char *text = malloc(TEXT_MAX);
  if (text && platform_read_allowed(text, TEXT_MAX)) {
    if (!platform_program(program, sizeof program)) program[0] = '\0';
    settings = settings_parse(text, app, program);
  }
  free(text);
  return settings;
}
