/* Notes when each new record and each new status of the senses' channels is seen, as a render
 * loop would see them that looks every 0.2 ms.
 *
 *   watch APP FILE CHANNEL...
 *
 * Says "ready", looks until its standard input closes, then writes its notes to FILE. */
#include "sensorium.h"

#include <poll.h>
#include <sys/prctl.h>

#define CHANNELS 8
#define NOTES (1u << 20)
#define PAUSE_NS 200000

typedef struct note {
  uint64_t seen_ns, capture_ns, publish_ns, n, count;
  uint32_t channel, status, reason, state;
  float value, score;
} note_t;

static sensorium_t session;
static sensorium_channel_t channels[CHANNELS];
static sensorium_status statuses[CHANNELS];
static sensorium_voice_activity_t voice;
static sensorium_gesture_t gesture;
static sensorium_head_t head;
static note_t notes[NOTES];
static uint32_t noted;

static float best(const sensorium_gesture_t *made) {
  float most = 0.0f;
  uint32_t i;
  for (i = 1; i < made->label_count && i < SENSORIUM_GESTURE_SCORES; i++)
    if (made->scores[i] > most) most = made->scores[i];
  return most;
}

static sensorium_status look(sensorium_channel_t *channel, note_t *note) {
  sensorium_status status;
  if (channel->record_id == SENSORIUM_VOICE_ACTIVITY_ID) {
    status = sensorium_read_voice_activity(channel, &voice, note->seen_ns);
    note->value = voice.probability;
    note->score = voice.loudness;
    note->state = voice.speaking;
    note->count = voice.onsets;
  } else if (channel->record_id == SENSORIUM_GESTURE_ID) {
    status = sensorium_read_gesture(channel, &gesture, note->seen_ns);
    note->value = gesture.grab;
    note->score = best(&gesture);
    note->state = gesture.gesture;
    note->count = gesture.begins;
  } else {
    status = sensorium_read_head(channel, &head, note->seen_ns);
    note->value = head.pose.position[0];
    note->score = 0.0f;
    note->state = 0;
    note->count = 0;
  }
  return status;
}

static void take(uint32_t i) {
  sensorium_channel_t *channel = &channels[i];
  note_t *note = &notes[noted];
  uint64_t before = channel->info.n;
  sensorium_status status;
  note->seen_ns = sensorium_now_ns();
  status = look(channel, note);
  if (channel->info.n == before && (status == statuses[i] || status == SENSORIUM_SAME)) return;
  statuses[i] = status;
  note->channel = i;
  note->status = status;
  note->reason = channel->info.reason;
  note->n = channel->info.n;
  note->capture_ns = channel->info.capture_ns;
  note->publish_ns = channel->info.publish_ns;
  noted++;
}

static int closed(void) {
  struct pollfd input = {0, POLLIN, 0};
  return poll(&input, 1, 0) != 0;
}

/* Looks for a daemon every 5 ms while there is none. */
static void reconnect(uint32_t n, char **names) {
  const struct timespec pause = {0, 5000000};
  uint32_t i;
  nanosleep(&pause, NULL);
  if (sensorium_reconnect(&session) != SENSORIUM_OK) return;
  for (i = 0; i < n; i++)
    if (!channels[i].base) sensorium_bind(&session, &channels[i], names[i]);
}

int main(int count, char **words) {
  const struct timespec pause = {0, PAUSE_NS};
  uint32_t i, n = (uint32_t)count - 3;
  FILE *file;
  if (count < 4 || n > CHANNELS) return 2;
  prctl(PR_SET_TIMERSLACK, 1000);
  sensorium_connect(&session, words[1], NULL);
  for (i = 0; i < n; i++) sensorium_bind(&session, &channels[i], words[i + 3]);
  puts("ready");
  fflush(stdout);
  while (noted < NOTES - CHANNELS && !closed()) {
    for (i = 0; i < n; i++) take(i);
    if (sensorium_ended(&session, sensorium_now_ns())) reconnect(n, words + 3);
    nanosleep(&pause, NULL);
  }
  file = fopen(words[2], "wb");
  if (!file || fwrite(notes, sizeof *notes, noted, file) != noted || fclose(file)) return 1;
  sensorium_close(&session);
  return 0;
}
