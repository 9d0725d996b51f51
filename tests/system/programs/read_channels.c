/* Reads channels for the tests: "CHANNEL" on stdin, "STATUS n reason capture_ns HEX" on stdout,
 * HEX being the whole record as the C structure holds it. Arguments: app, region. */
#include "sensorium.h"

#define CHANNELS 6

typedef union {
  sensorium_head_t head;
  sensorium_hand_t hand;
  sensorium_controller_t controller;
  sensorium_gaze_t gaze;
} record_t;

static sensorium_t session;
static struct {
  sensorium_channel_t channel;
  record_t record;
  char name[32];
} channels[CHANNELS];

static sensorium_status take(sensorium_channel_t *channel, record_t *record, size_t *size) {
  uint64_t now_ns = sensorium_now_ns();
  switch (channel->record_id) {
  case SENSORIUM_HEAD_ID: *size = sizeof record->head; return sensorium_read_head(channel, &record->head, now_ns);
  case SENSORIUM_HAND_ID: *size = sizeof record->hand; return sensorium_read_hand(channel, &record->hand, now_ns);
  case SENSORIUM_GAZE_ID: *size = sizeof record->gaze; return sensorium_read_gaze(channel, &record->gaze, now_ns);
  default:
    *size = sizeof record->controller;
    return sensorium_read_controller(channel, &record->controller, now_ns);
  }
}

static unsigned find(const char *name) {
  unsigned i = 0;
  while (i < CHANNELS - 1 && channels[i].name[0] && strcmp(channels[i].name, name)) i++;
  if (!channels[i].name[0]) {
    snprintf(channels[i].name, sizeof channels[i].name, "%s", name);
    if (sensorium_bind(&session, &channels[i].channel, name) != SENSORIUM_OK)
      fprintf(stderr, "%s: %s\n", name, session.message);
  }
  return i;
}

int main(int argc, char **argv) {
  char line[32];
  if (argc != 3) return 2;
  if (sensorium_connect(&session, argv[1], NULL) != SENSORIUM_OK || sensorium_open(&session, argv[2]) != SENSORIUM_OK) {
    fprintf(stderr, "%s\n", session.message);
    return 1;
  }
  while (fgets(line, sizeof line, stdin)) {
    size_t size = 0, at;
    unsigned i;
    sensorium_status status;
    line[strcspn(line, "\r\n")] = 0;
    i = find(line);
    status = take(&channels[i].channel, &channels[i].record, &size);
    printf("%d %llu %s %llu ", (int)status, (unsigned long long)channels[i].channel.info.n,
           sensorium_reason_name(channels[i].channel.info.reason),
           (unsigned long long)channels[i].channel.info.capture_ns);
    for (at = 0; at < size; at++) printf("%02x", ((const unsigned char *)&channels[i].record)[at]);
    puts("");
    fflush(stdout);
  }
  sensorium_close(&session);
  return 0;
}
