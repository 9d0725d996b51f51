/* Reads the newest of every sense at a fixed rate, as an app would, and follows what is told of
 * speech and of the governor: for frames.py.
 *
 *   freshness APP FILE HZ CHANNEL...
 *
 * Says "ready", reads until its standard input closes, then leaves its notes in FILE: each record
 * and each status when it was first seen. Looks for a daemon ten times a second while there is
 * none. Publishes a scene of 20 targets, so that what is looked at has something to find. Says
 * "ended ID" and "final ID" of an utterance that ended and of its last text, of which nothing is
 * kept. */
#include "sensorium.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/prctl.h>

#define CHANNELS 40
#define MOST_NOTES (1u << 22)
#define LOOK_AGAIN_NS 100000000u
#define TARGETS 20
#define UTTERANCE_ENDS 4

/* What `a` to `d` are stands at `details`. */
typedef struct note {
  uint64_t seen_ns, capture_ns, publish_ns, n, a, b, c, d;
  uint16_t channel, status;
  uint32_t reason;
} note_t;

typedef union record {
  sensorium_utterance_t utterance;
  sensorium_transcript_t transcript;
  sensorium_audio_t audio;
  sensorium_governor_t governor;
  sensorium_governor_step_t step;
  uint8_t bytes[1 << 20];
} record_t;

static sensorium_t session;
static sensorium_channel_t channels[CHANNELS];
static sensorium_status statuses[CHANNELS];
static record_t record;
static uint8_t scratch[SENSORIUM_SLOT_RECORD + sizeof(record_t)];
static note_t *notes;
static uint32_t noted;
static sensorium_channel_t to_scene;
static sensorium_scene_t scene;

/* Four rows of five balls before the wearer, whose world is the stage itself. */
static void publish_scene(uint64_t now_ns) {
  static uint64_t told; /* the region's generation */
  uint32_t i;
  if (!to_scene.base || told == to_scene.region->generation) return;
  scene.world_orientation[3] = 1;
  scene.world_scale = 1;
  scene.count = TARGETS;
  for (i = 0; i < TARGETS; i++) {
    sensorium_scene_target_t *target = &scene.targets[i];
    target->id = i + 1;
    target->position[0] = 0.4f * (float)(i % 5) - 0.8f;
    target->position[1] = 1.0f + 0.3f * (float)(i / 5);
    target->position[2] = -2.0f;
    target->orientation[3] = 1;
    target->radius = 0.1f;
    target->flags = 1;
    snprintf(target->name, sizeof target->name, "ball %u", i + 1);
  }
  if (sensorium_write_scene(&to_scene, &scene, now_ns, now_ns) == SENSORIUM_OK)
    told = to_scene.region->generation;
}

static void say(const char *what, uint64_t utterance) {
  printf("%s %llu\n", what, (unsigned long long)utterance);
  fflush(stdout);
}

static void details(const sensorium_channel_t *c, note_t *note) {
  switch (c->record_id) {
    case SENSORIUM_UTTERANCE_ID:
      note->a = record.utterance.utterance;
      note->b = record.utterance.event;
      note->c = record.utterance.start_ns;
      note->d = record.utterance.end_ns;
      if (record.utterance.event == UTTERANCE_ENDS) say("ended", note->a);
      break;
    case SENSORIUM_TRANSCRIPT_ID:
      note->a = record.transcript.utterance;
      note->b = record.transcript.is_final * 16u + record.transcript.outcome;
      note->c = record.transcript.start_ns;
      note->d = record.transcript.end_ns;
      if (record.transcript.is_final && record.transcript.part == record.transcript.parts)
        say("final", note->a);
      break;
    case SENSORIUM_AUDIO_ID:
      note->a = record.audio.first_sample;
      note->b = record.audio.session;
      break;
    case SENSORIUM_GOVERNOR_ID:
      note->a = record.governor.level;
      note->b = record.governor.background;
      note->c = record.governor.risk;
      note->d = record.governor.changes;
      break;
    case SENSORIUM_GOVERNOR_STEP_ID:
      note->a = record.step.change;
      note->b = record.step.cause;
      note->c = record.step.level;
      note->d = record.step.to_step;
      break;
    default:
      break;
  }
}

/* 1 when there was something new. */
static int take(uint32_t i, uint64_t now_ns) {
  sensorium_channel_t *c = &channels[i];
  uint64_t before = c->info.n;
  sensorium_status status;
  note_t *note = &notes[noted];
  if (noted == MOST_NOTES - 1) return 0;
  status = c->follows ? sensorium_next(c, &record, scratch, c->record_size, now_ns)
                      : sensorium_read(c, &record, scratch, c->record_size, now_ns);
  if (c->info.n == before && (status == statuses[i] || status == SENSORIUM_SAME)) return 0;
  memset(note, 0, sizeof *note);
  note->channel = (uint16_t)i;
  note->status = (uint16_t)status;
  note->reason = c->info.reason;
  note->seen_ns = now_ns;
  note->n = c->info.n;
  note->capture_ns = c->info.capture_ns;
  note->publish_ns = c->info.publish_ns;
  if (c->info.n != before && c->info.valid) details(c, note);
  statuses[i] = status;
  noted++;
  return c->follows && c->info.n != before;
}

static int closed(void) {
  struct pollfd input = {0, POLLIN, 0};
  return poll(&input, 1, 0) != 0;
}

static void connect_again(uint32_t n, char **names, uint64_t now_ns) {
  static uint64_t looked_ns;
  uint32_t i;
  int complete = !sensorium_ended(&session, now_ns);
  for (i = 0; i < n; i++) complete &= channels[i].base != NULL;
  complete &= to_scene.base != NULL;
  if (complete || now_ns - looked_ns < LOOK_AGAIN_NS) return;
  looked_ns = now_ns;
  if (sensorium_ended(&session, now_ns) && sensorium_reconnect(&session) != SENSORIUM_OK) return;
  for (i = 0; i < n; i++)
    if (!channels[i].base) sensorium_bind(&session, &channels[i], names[i]);
  if (!to_scene.base) sensorium_bind(&session, &to_scene, "scene");
}

int main(int count, char **words) {
  uint64_t period_ns, due_ns;
  uint32_t i, n = (uint32_t)count - 4;
  FILE *file;
  if (count < 5 || n > CHANNELS) return 2;
  period_ns = (uint64_t)(1e9 / atof(words[3]));
  notes = calloc(MOST_NOTES, sizeof *notes);
  if (!notes) return 1;
  prctl(PR_SET_TIMERSLACK, 1000);
  sensorium_connect(&session, words[1], NULL);
  for (i = 0; i < n; i++) sensorium_bind(&session, &channels[i], words[i + 4]);
  sensorium_bind(&session, &to_scene, "scene");
  puts("ready");
  fflush(stdout);
  due_ns = sensorium_now_ns();
  while (!closed()) {
    struct timespec until;
    for (i = 0; i < n; i++)
      while (take(i, sensorium_now_ns())) {
      }
    connect_again(n, words + 4, sensorium_now_ns());
    publish_scene(sensorium_now_ns());
    due_ns += period_ns;
    if (due_ns < sensorium_now_ns()) due_ns = sensorium_now_ns();
    until.tv_sec = (time_t)(due_ns / 1000000000u);
    until.tv_nsec = (long)(due_ns % 1000000000u);
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
  }
  file = fopen(words[2], "wb");
  if (!file || fwrite(notes, sizeof *notes, noted, file) != noted || fclose(file)) return 1;
  sensorium_close(&session);
  return 0;
}
