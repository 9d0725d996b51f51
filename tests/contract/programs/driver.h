/* What the two halves of the driver share; each half includes the client on its own. */
#ifndef DRIVER_H
#define DRIVER_H
#include "sensorium.h"

typedef struct channels {
  sensorium_channel_t channel[16];
  sensorium_gesture_t gesture[16];
  sensorium_head_t head[16];
  uint32_t count;
} channels_t;

#ifdef __cplusplus
extern "C" {
#endif
sensorium_channel_t *find(channels_t *all, sensorium_t *session, const char *name, sensorium_status *status);
sensorium_status take(channels_t *all, sensorium_channel_t *channel, int next, uint64_t now_ns, double *value);
const char *word(sensorium_status status);
#ifdef __cplusplus
}
#endif
#endif
