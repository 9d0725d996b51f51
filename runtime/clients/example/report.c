/* SPDX-License-Identifier: Apache-2.0 */
#include "report.h"

static double ms(uint64_t ns) { return (double)ns / 1e6; }

const char *report_status(sensorium_status status) {
  static const char *const names[] = {"ok",     "new",    "same",    "stale",       "invalid",
                                      "denied", "closed", "version", "unavailable", "bad"};
  return (unsigned)status < sizeof names / sizeof names[0] ? names[status] : "unknown";
}

static const char *gesture_of(const senses_t *s, int side) {
  if (!sense_shows(&s->of_gesture[side])) return report_status(s->of_gesture[side].status);
  return s->gesture[side].name[0] ? s->gesture[side].name : "-";
}

void report_second(const senses_t *s, const run_t *run) {
  const measured_t *m = &run->second;
  printf("%5.0f s  %5.1f frames/s  frame p50 %.2f p99 %.2f max %.2f ms  missed %llu  "
         "hands %.32s | %.32s  voice %s\n",
         run->seconds, (double)m->frame.count, ms(times_quantile(&m->frame, 0.5)),
         ms(times_quantile(&m->frame, 0.99)), ms(m->frame.max_ns), (unsigned long long)s->frame.missed,
         gesture_of(s, 0), gesture_of(s, 1),
         !sense_shows(&s->of_voice) ? report_status(s->of_voice.status) : s->voice.speaking ? "speaking" : "silent");
  fflush(stdout);
}

static void line(const char *name, const times_t *t, double unit, const char *word) {
  printf("%-10s p50 %8.3f  p99 %8.3f  p99.9 %8.3f  max %8.3f %s\n", name, (double)times_quantile(t, 0.5) / unit,
         (double)times_quantile(t, 0.99) / unit, (double)times_quantile(t, 0.999) / unit, (double)t->max_ns / unit,
         word);
}

void report_end(const senses_t *s, const run_t *run) {
  printf("%llu frames in %.1f s at %dx%d on %s\n", (unsigned long long)run->all.frame.count, run->seconds,
         run->width, run->height, run->renderer);
  line("frame", &run->all.frame, 1e6, "ms");
  line("interval", &run->all.interval, 1e6, "ms");
  line("work", &run->all.work, 1e6, "ms");
  line("senses", &run->all.read, 1e3, "us");
  printf("missed %llu of a rate of %.1f Hz; %llu frame times published; %llu reconnects\n",
         (unsigned long long)s->frame.missed, run->rate_hz, (unsigned long long)s->published,
         (unsigned long long)s->reconnects);
}

static void json_times(const char *name, const times_t *t) {
  printf("\"%s\":{\"count\":%llu,\"p50\":%llu,\"p99\":%llu,\"p999\":%llu,\"max\":%llu},", name,
         (unsigned long long)t->count, (unsigned long long)times_quantile(t, 0.5),
         (unsigned long long)times_quantile(t, 0.99), (unsigned long long)times_quantile(t, 0.999),
         (unsigned long long)t->max_ns);
}

static void json_text(const char *name, const char *text, const char *behind) {
  char quoted[1024];
  if (!sensorium_json_quote(quoted, sizeof quoted, text)) snprintf(quoted, sizeof quoted, "\"\"");
  printf("\"%s\":%s%s", name, quoted, behind);
}

static void json_sense(const senses_t *s, const char *name, const sense_t *sense, const char *behind) {
  char words[320];
  printf("\"%s\":{\"status\":\"%s\",\"new\":%llu,", name, report_status(sense->status),
         (unsigned long long)sense->fresh);
  json_text("words", sense_words(s, sense, words, sizeof words), "}");
  printf("%s", behind);
}

static void json_joints(const senses_t *s, int side, const char *behind) {
  int i;
  printf("\"%s\":[", side ? "hand_right" : "hand_left");
  for (i = 0; sense_shows(&s->of_hand[side]) && i < SENSORIUM_HAND_JOINTS; i++) {
    const float *at = s->hand[side].joints[i].position;
    printf("%s[%.6f,%.6f,%.6f]", i ? "," : "", (double)at[0], (double)at[1], (double)at[2]);
  }
  printf("]%s", behind);
}

void report_json(const senses_t *s, const run_t *run, const camera_t *c) {
  printf("{\"seconds\":%.3f,\"rate_hz\":%.3f,", run->seconds, run->rate_hz);
  json_text("renderer", run->renderer, ",");
  json_times("frame_ns", &run->all.frame);
  json_times("interval_ns", &run->all.interval);
  json_times("work_ns", &run->all.work);
  json_times("read_ns", &run->all.read);
  printf("\"missed\":%llu,\"published\":%llu,\"reconnects\":%llu,\"senses\":{",
         (unsigned long long)s->frame.missed, (unsigned long long)s->published, (unsigned long long)s->reconnects);
  json_sense(s, "health", &s->of_health, ",");
  json_sense(s, "microphone", &s->of_microphone, ",");
  json_sense(s, "voice_activity", &s->of_voice, ",");
  json_sense(s, "gesture_left", &s->of_gesture[0], ",");
  json_sense(s, "gesture_right", &s->of_gesture[1], ",");
  json_sense(s, "head", &s->of_head, ",");
  json_sense(s, "hand_left", &s->of_hand[0], ",");
  json_sense(s, "hand_right", &s->of_hand[1], "");
  printf("},\"view\":{\"width\":%d,\"height\":%d,\"eye\":[%.6f,%.6f,%.6f],\"pivot\":[%.6f,%.6f,%.6f],"
         "\"fov_y\":%.6f},",
         run->width, run->height, (double)c->eye.x, (double)c->eye.y, (double)c->eye.z, (double)c->pivot.x,
         (double)c->pivot.y, (double)c->pivot.z, (double)c->fov_y);
  json_joints(s, 0, ",");
  json_joints(s, 1, "}\n");
}
