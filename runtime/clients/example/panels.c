/* SPDX-License-Identifier: Apache-2.0 */
#include "panels.h"

#include "overlay.h"
#include "scene.h"

#define EDGE 24.0f
#define PANEL 292.0f
#define PANEL_HEIGHT 124.0f
#define BOTTOM (720.0f - EDGE - PANEL_HEIGHT)
#define INSET 20.0f
#define LINE 8.5f /* heights of capitals */
#define HEADING 16.0f
#define QUIET_DB -60.0f

static const colour white = {0.93f, 0.95f, 0.97f, 1}, dim = {0.56f, 0.61f, 0.68f, 1},
                    back = {0.035f, 0.042f, 0.056f, 0.78f}, track = {0.17f, 0.19f, 0.23f, 1},
                    green = {0.36f, 0.87f, 0.60f, 1}, red = {0.95f, 0.36f, 0.34f, 1},
                    amber = {0.97f, 0.77f, 0.30f, 1};

static void panel(float x, float y, float width, float height, colour strip) {
  overlay_box(x, y, width, height, 9, back);
  overlay_box(x + 7, y + 12, 3, height - 24, 1.5f, strip);
}

/* Text in lines of at most `width`, cut at spaces; gives the y behind them. */
static float paragraph(float x, float y, float size, float width, colour c, const char *text) {
  char line[160];
  size_t n = 0, cut = 0;
  for (;; text++) {
    if (*text == ' ' || !*text) {
      line[n] = 0;
      if (cut && overlay_text_width(size, line) > width) {
        char rest[160];
        size_t left = n - cut - 1;
        memcpy(rest, line + cut + 1, left + 1);
        line[cut] = 0;
        overlay_text(x, y, size, c, line);
        y += size * 1.9f;
        memcpy(line, rest, left + 1);
        n = left;
      }
      cut = n;
    }
    if (!*text) break;
    if (n + 1 < sizeof line) line[n++] = *text;
  }
  line[n] = 0;
  if (n) overlay_text(x, y, size, c, line);
  return n ? y + size * 1.9f : y;
}

static void bar(float x, float y, float width, const char *label, const char *value, float share, colour c) {
  const float from = x + 72, room = width - 72 - 56;
  const float filled = (share < 0 ? 0 : share > 1 ? 1 : share) * room;
  overlay_text(x, y, LINE, dim, label);
  overlay_box(from, y + 0.5f, room, 8, 4, track);
  if (filled > 1) overlay_box(from, y + 0.5f, filled < 8 ? 8 : filled, 8, 4, c);
  overlay_text(x + width - overlay_text_width(LINE, value), y, LINE, white, value);
}

static const char *readable(char *out, size_t size, const char *label) {
  size_t i;
  if (!label[0] || !strcmp(label, "None")) label = "no gesture";
  for (i = 0; label[i] && i + 1 < size && i < 32; i++) out[i] = label[i] == '_' ? ' ' : label[i];
  out[i] = 0;
  return out;
}

static void hand_panel(const senses_t *s, int side, float x) {
  const sense_t *of_gesture = &s->of_gesture[side], *of_hand = &s->of_hand[side];
  const sensorium_gesture_t *gesture = &s->gesture[side];
  const int live = of_gesture->status != SENSORIUM_STALE, seen = sense_shows(of_gesture);
  const colour own = side ? RIGHT_COLOUR : LEFT_COLOUR, c = seen && live ? own : GREY_COLOUR;
  const float width = PANEL - 2 * INSET;
  char text[320];
  float y = BOTTOM + 16;
  panel(x, BOTTOM, PANEL, PANEL_HEIGHT, c);
  overlay_text(x + INSET, y, LINE, dim, side ? "RIGHT HAND" : "LEFT HAND");
  if (!seen) {
    y = paragraph(x + INSET, y + 24, LINE + 1, width, amber, sense_words(s, of_gesture, text, sizeof text));
    if (!sense_shows(of_hand) && of_hand->status != of_gesture->status)
      paragraph(x + INSET, y + 6, LINE, width, amber, sense_words(s, of_hand, text, sizeof text));
    return;
  }
  overlay_text(x + INSET, y + 20, HEADING, live ? white : GREY_COLOUR,
               readable(text, sizeof text, gesture->name));
  text[0] = 0;
  if (gesture->name[0]) snprintf(text, sizeof text, "%.2f", (double)gesture->score);
  overlay_text(x + PANEL - INSET - overlay_text_width(LINE + 2, text), y + 24, LINE + 2, c, text);
  if (!live || !sense_shows(of_hand) || of_hand->status == SENSORIUM_STALE) {
    const sense_t *why = live ? of_hand : of_gesture;
    paragraph(x + INSET, y + 52, LINE, width, amber, sense_words(s, why, text, sizeof text));
    return;
  }
  snprintf(text, sizeof text, "%.2f", (double)gesture->pinch);
  bar(x + INSET, y + 56, width, "pinch", text, gesture->pinch, c);
  snprintf(text, sizeof text, "%.2f", (double)gesture->grab);
  bar(x + INSET, y + 78, width, "grab", text, gesture->grab, c);
}

static void voice_panel(const senses_t *s, float x, float width) {
  const int seen = sense_shows(&s->of_voice), live = seen && s->of_voice.status != SENSORIUM_STALE;
  const int speaking = live && s->voice.speaking;
  const colour c = speaking ? green : live ? (colour){0.40f, 0.62f, 0.52f, 1} : GREY_COLOUR;
  char text[320];
  float y = BOTTOM + 16;
  panel(x, BOTTOM, width, PANEL_HEIGHT, c);
  overlay_text(x + INSET, y, LINE, dim, "VOICE");
  if (speaking) overlay_dot(x + INSET + 9, y + 29, 15, (colour){0.36f, 0.87f, 0.60f, 0.22f});
  overlay_dot(x + INSET + 9, y + 29, 8, speaking ? green : track);
  if (!live) {
    paragraph(x + INSET + 30, y + 24, LINE + 1, width - 2 * INSET - 30, amber,
              sense_words(s, &s->of_voice, text, sizeof text));
    return;
  }
  overlay_text(x + INSET + 30, y + 20, HEADING, speaking ? white : dim, speaking ? "speaking" : "silent");
  snprintf(text, sizeof text, "%llu heard", (unsigned long long)s->voice.onsets);
  overlay_text(x + width - INSET - overlay_text_width(LINE, text), y + 26, LINE, dim, text);
  snprintf(text, sizeof text, "%.2f", (double)s->voice.probability);
  bar(x + INSET, y + 56, width - 2 * INSET, "speech", text, s->voice.probability, c);
  snprintf(text, sizeof text, "%.0f dB", (double)(s->voice.loudness < -99 ? -99 : s->voice.loudness));
  bar(x + INSET, y + 78, width - 2 * INSET, "loudness", text, 1 - s->voice.loudness / QUIET_DB, c);
}

/* Open, closed or muted is always in sight, whatever else is. */
static void microphone_panel(const senses_t *s, float right) {
  static const char *const states[] = {"unknown", "open", "closed", "muted", "denied", "missing"};
  const int live = sense_shows(&s->of_microphone) && s->of_microphone.status != SENSORIUM_STALE;
  const uint32_t state = live && s->microphone.state <= 5 ? s->microphone.state : 0;
  const colour c = state == 1 ? red : state == 2 ? dim : amber;
  const float width = 232, x = right - width;
  char text[320];
  overlay_box(x, EDGE, width, 50, 9, back);
  if (state == 1) overlay_dot(x + 24, EDGE + 25, 13, (colour){0.95f, 0.36f, 0.34f, 0.22f});
  overlay_dot(x + 24, EDGE + 25, 7, c);
  snprintf(text, sizeof text, "microphone %s", states[state]);
  overlay_text(x + 46, EDGE + 12, LINE + 2, white, text);
  if (state == 1) snprintf(text, sizeof text, "%.27s", s->microphone.device);
  else if (state) snprintf(text, sizeof text, state == 2 ? "nobody listens" : "nothing is heard");
  else sense_words(s, &s->of_microphone, text, sizeof text);
  text[30] = 0;
  overlay_text(x + 46, EDGE + 31, LINE - 1.5f, dim, text);
}

static void right_text(float right, float y, colour c, const char *text) {
  overlay_text(right - overlay_text_width(LINE, text), y, LINE, c, text);
}

static void head_line(const senses_t *s, float right, float y) {
  static const char *const spaces[] = {"", "stage", "local floor", "local"};
  const int seen = sense_shows(&s->of_head), live = seen && s->of_head.status != SENSORIUM_STALE;
  char text[340], words[300];
  if (live)
    snprintf(text, sizeof text, "head  %+.2f  %+.2f  %+.2f m  %s", (double)s->head.pose.position[0],
             (double)s->head.pose.position[1], (double)s->head.pose.position[2],
             spaces[s->head.space <= 3 ? s->head.space : 0]);
  else snprintf(text, sizeof text, "head: %s", sense_words(s, &s->of_head, words, sizeof words));
  right_text(right, y, live ? dim : amber, text);
}

static void figures_lines(const figures_t *figures, float right, float y) {
  char text[120];
  int letters;
  if (figures->rate_hz <= 0) return;
  snprintf(text, sizeof text, "%.0f frames/s  frame %.1f ms  p99 %.1f", figures->rate_hz, figures->frame_p50_ms,
           figures->frame_p99_ms);
  right_text(right, y, dim, text);
  snprintf(text, sizeof text, "8 channels read in %.1f us", figures->read_us);
  right_text(right, y + 18, dim, text);
  letters = (int)strcspn(figures->renderer, "(/");
  if (letters && figures->renderer[letters - 1] == ' ') letters--;
  snprintf(text, sizeof text, "drawn by %.*s", letters, figures->renderer);
  right_text(right, y + 36, dim, text);
}

static void title(const senses_t *s) {
  const int live = sense_shows(&s->of_health) && s->of_health.status != SENSORIUM_STALE;
  const float x = EDGE + INSET;
  char text[340], words[300];
  if (live) snprintf(text, sizeof text, "daemon %.15s", s->health.version);
  else snprintf(text, sizeof text, "%s", sense_words(s, &s->of_health, words, sizeof words));
  overlay_box(EDGE, EDGE, INSET * 2 + 16 + fmaxf(overlay_text_width(LINE, text), 122), 66, 9, back);
  overlay_text(x, EDGE + 13, HEADING, white, "Sensorium");
  overlay_dot(x + 4, EDGE + 47.5f, 4.5f, live ? green : red);
  overlay_text(x + 16, EDGE + 43, LINE, live ? dim : amber, text);
}

void panels_draw(const senses_t *s, const figures_t *figures, int width, int height) {
  const float right = overlay_begin(width, height) - EDGE;
  const float middle = right - EDGE - 2 * PANEL - 32;
  title(s);
  microphone_panel(s, right);
  head_line(s, right, EDGE + 66);
  figures_lines(figures, right, EDGE + 84);
  hand_panel(s, 0, EDGE);
  hand_panel(s, 1, right - PANEL);
  if (middle > 180) {
    const float voice = middle < 420 ? middle : 420;
    voice_panel(s, (right + EDGE - voice) / 2, voice);
  }
  overlay_end();
}
