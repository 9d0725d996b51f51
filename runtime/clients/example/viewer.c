/* viewer.c - a render loop that reads the senses: the example for apps written in C.
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * The frame, in order: one clock call; read every channel; draw; swap; publish the frame's times.
 * Connecting stands outside: before the loop, and between frames when the daemon has gone.
 */
#include "senses.h"

#include "floor.h"
#include "gl.h"
#include "options.h"
#include "overlay.h"
#include "panels.h"
#include "png.h"
#include "pose.h"
#include "report.h"
#include "scene.h"
#include "window.h"

#include <signal.h>

#define SECOND_NS 1000000000u
#define FALLBACK_HZ 60.0
#define WARM_UP_FRAMES 10

static volatile sig_atomic_t interrupted;

static void on_signal(int number) {
  (void)number;
  interrupted = 1;
}

/* How frames are spaced: by the display, or by the clock where its swaps do not wait. */
typedef struct pace {
  uint64_t period_ns, next_ns;
  int by_clock;
} pace_t;

static void pace_start(pace_t *p, window_t *window, const options_t *o) {
  double display = window_rate(window), rate = o->rate_hz > 0 ? o->rate_hz : display;
  p->by_clock = o->hidden || o->rate_hz > 0 || display <= 0;
  if (!window_sync(window, !p->by_clock)) p->by_clock = 1;
  p->period_ns = (uint64_t)(1e9 / (rate > 0 ? rate : FALLBACK_HZ));
  p->next_ns = sensorium_now_ns();
}

/* Some displays (a virtual one) claim to wait for a retrace and do not. */
static void pace_check(pace_t *p, const times_t *intervals) {
  if (intervals->count == WARM_UP_FRAMES && times_quantile(intervals, 0.5) < p->period_ns / 2) {
    p->by_clock = 1;
    p->next_ns = sensorium_now_ns();
  }
}

static void pace_wait(pace_t *p) {
  uint64_t now;
  if (!p->by_clock) return;
  p->next_ns += p->period_ns;
  now = sensorium_now_ns();
  if (p->next_ns < now) p->next_ns = now; /* late: the next frame starts at once, none are made up */
  window_sleep_until(p->next_ns);
}

static int save(const char *path, int width, int height) {
  unsigned char *pixels = malloc((size_t)width * (size_t)height * 3);
  int done;
  if (!pixels) return 0;
  glPixelStorei(GL_PACK_ALIGNMENT, 1);
  glReadPixels(0, 0, width, height, GL_RGB, GL_UNSIGNED_BYTE, pixels);
  done = png_write(path, pixels, width, height);
  free(pixels);
  if (!done) fprintf(stderr, "viewer: %s cannot be written\n", path);
  return done;
}

static void look_around(camera_t *c, const window_input_t *input) {
  c->around -= input->drag_x * 0.008f;
  c->up += input->drag_y * 0.006f;
  if (c->up > 1.4f) c->up = 1.4f;
  if (c->up < -0.3f) c->up = -0.3f;
  c->away *= 1 - 0.08f * input->wheel;
  if (c->away < 0.4f) c->away = 0.4f;
  if (c->away > 6) c->away = 6;
}

static void end_second(const senses_t *s, run_t *run, figures_t *figures, int quiet) {
  const measured_t *m = &run->second;
  figures->rate_hz = (double)m->frame.count;
  figures->frame_p50_ms = (double)times_quantile(&m->frame, 0.5) / 1e6;
  figures->frame_p99_ms = (double)times_quantile(&m->frame, 0.99) / 1e6;
  figures->read_us = (double)times_quantile(&m->read, 0.5) / 1e3;
  if (!quiet) report_second(s, run);
  memset(&run->second, 0, sizeof run->second);
}

/* `shown` is what is drawn: what was read, or a pose that is held. */
static int loop(window_t *window, senses_t *s, const senses_t *shown, const options_t *o, run_t *run,
                camera_t *camera, FILE *times) {
  figures_t figures = {run->renderer, 0, 0, 0, 0};
  window_input_t input;
  pace_t pace;
  const uint64_t start = sensorium_now_ns();
  uint64_t second = start + SECOND_NS, before = 0;
  int last = 0, saved = 1;
  pace_start(&pace, window, o);
  run->rate_hz = 1e9 / (double)pace.period_ns;
  s->frame.period_ns = pace.period_ns;
  while (!last) {
    const uint64_t now = sensorium_now_ns(); /* the frame's one clock call for all reads */
    uint64_t read, drawn, swapped;
    sensorium_frame_begin(&s->session, &s->frame, now);
    senses_read(s, now);
    read = sensorium_now_ns();

    window_poll(window, &input);
    window_size(window, &run->width, &run->height);
    run->seconds = (double)(now - start) / 1e9;
    last = interrupted || input.closed || (o->frames && s->frame.frame >= o->frames) ||
           (o->seconds > 0 && run->seconds >= o->seconds);
    look_around(camera, &input);
    camera_follow(camera, shown, before ? (float)(now - before) / 1e9f : 10.0f);
    scene_draw(camera, shown, run->width, run->height);
    panels_draw(shown, &figures, run->width, run->height);
    if (last && o->screenshot) saved = save(o->screenshot, run->width, run->height);
    drawn = sensorium_now_ns();
    window_swap(window);
    swapped = sensorium_now_ns();
    s->frame.cpu_ns = drawn - now;
    senses_publish(s, swapped);

    if (times) {
      fwrite(&now, sizeof now, 1, times);
      fwrite(&swapped, sizeof swapped, 1, times);
    }
    times_add(&run->second.frame, swapped - now);
    times_add(&run->second.read, read - now);
    if (s->frame.frame > WARM_UP_FRAMES) {
      times_add(&run->all.frame, swapped - now);
      times_add(&run->all.work, drawn - now);
      times_add(&run->all.read, read - now);
    }
    if (before) times_add(&run->all.interval, now - before);
    pace_check(&pace, &run->all.interval);
    before = now;
    if (swapped >= second) {
      end_second(s, run, &figures, o->json);
      second += SECOND_NS;
    }
    senses_mend(s, swapped); /* between frames */
    if (!last) pace_wait(&pace);
  }
  return saved;
}

static int run_viewer(const options_t *o) {
  static senses_t senses, held; /* 100 KB each: the scene */
  static run_t run;
  camera_t camera;
  const char *missing;
  int done;
  FILE *times = o->times ? fopen(o->times, "wb") : NULL;
  window_t *window = window_open("Sensorium example", o->width, o->height, o->hidden, o->samples);
  if (!window) {
    fprintf(stderr, "viewer: %s\n", window_error());
    return 2;
  }
  if (o->times && !times) {
    fprintf(stderr, "viewer: %s cannot be written\n", o->times);
    window_close(window);
    return 2;
  }
  missing = gl_load();
  if (missing || !mesh_open() || !floor_open() || !overlay_open()) {
    fprintf(stderr, "viewer: OpenGL 2.1 is needed: %s\n", missing ? missing : gl_error());
    window_close(window);
    return 2;
  }
  run.renderer = (const char *)glGetString(GL_RENDERER);
  camera_start(&camera);
  senses_open(&senses, o->directory);
  if (senses.session.message[0] && !o->json)
    printf("%s%s%s\n", senses.session.message, senses.session.remedy[0] ? ": " : "", senses.session.remedy);
  held.scene = senses.scene;
  pose_hold(&held);
  done = loop(window, &senses, o->hold ? &held : &senses, o, &run, &camera, times);
  if (times && (ferror(times) | fclose(times))) {
    fprintf(stderr, "viewer: %s cannot be written\n", o->times);
    done = 0;
  }
  if (o->json) report_json(&senses, &run, &camera);
  else report_end(&senses, &run);
  senses_close(&senses);
  window_close(window);
  return done ? 0 : 1;
}

int main(int count, char **arguments) {
  options_t o;
  if (!options_parse(&o, count, arguments)) return 2;
  if (o.help) {
    fputs(options_usage, stdout);
    return 0;
  }
  signal(SIGINT, on_signal);
  signal(SIGTERM, on_signal);
  return run_viewer(&o);
}
