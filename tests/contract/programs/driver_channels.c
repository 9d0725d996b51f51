#include "driver.h"

/* The channel of this name, bound when it is asked for the first time. */
sensorium_channel_t *find(channels_t *all, sensorium_t *session, const char *name, sensorium_status *status) {
  uint32_t i;
  for (i = 0; i < all->count; i++)
    if (!strcmp(all->channel[i].name, name)) return &all->channel[i];
  *status = sensorium_bind(session, &all->channel[all->count], name);
  return &all->channel[all->count++];
}

sensorium_status take(channels_t *all, sensorium_channel_t *channel, int next, uint64_t now_ns, double *value) {
  size_t i = (size_t)(channel - all->channel);
  sensorium_status status;
  if (channel->record_id == SENSORIUM_HEAD_ID) {
    status = next ? sensorium_next_head(channel, &all->head[i], now_ns)
                  : sensorium_read_head(channel, &all->head[i], now_ns);
    *value = (double)all->head[i].pose.position[0];
  } else {
    status = next ? sensorium_next_gesture(channel, &all->gesture[i], now_ns)
                  : sensorium_read_gesture(channel, &all->gesture[i], now_ns);
    *value = (double)all->gesture[i].score;
  }
  return status;
}

const char *word(sensorium_status status) {
  static const char *const words[] = {"OK",     "NEW",    "SAME",    "STALE",       "INVALID",
                                      "DENIED", "CLOSED", "VERSION", "UNAVAILABLE", "BAD"};
  return words[status];
}
