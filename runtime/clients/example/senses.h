/* senses.h - everything that this app takes from Sensorium, and what it gives back.
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * senses_open and senses_mend may take a while and stand outside the frame; senses_read and
 * senses_publish are loads and copies in shared memory and stand inside.
 */
#ifndef VIEWER_SENSES_H
#define VIEWER_SENSES_H

#include "sensorium.h"

#define SENSES_APP "sensorium-example"
#define SENSES_TARGETS 3

/* One channel with the status of the last read. */
typedef struct sense {
  sensorium_channel_t channel;
  sensorium_status status;
  uint64_t fresh; /* records that were new */
} sense_t;

typedef struct senses {
  sensorium_t session;
  sense_t of_head, of_hand[2], of_gesture[2], of_voice, of_microphone, of_health; /* left, right */
  sensorium_head_t head;
  sensorium_hand_t hand[2];
  sensorium_gesture_t gesture[2];
  sensorium_voice_activity_t voice;
  sensorium_microphone_t microphone;
  sensorium_health_t health;
  sensorium_channel_t to_scene, to_frames;
  sensorium_scene_t scene;
  sensorium_frame_timing_t frame;
  uint64_t scene_generation; /* of the region that has the scene; 0 none */
  uint64_t published;        /* frames that went out */
  uint64_t reconnects;       /* times that another daemon was found */
  uint64_t look_again_ns;
} senses_t;

/* Connects and binds. Never fails: what is not there says so with every read.
 * `directory`: NULL for the user's own daemon. */
void senses_open(senses_t *s, const char *directory);

/* Reads everything. One clock call for the frame is the caller's. */
void senses_read(senses_t *s, uint64_t now_ns);

/* Publishes the frame's times, and the scene when the daemon does not have it yet. */
void senses_publish(senses_t *s, uint64_t now_ns);

/* Twice a second at most: finds a new daemon, opens what was granted meanwhile. Between frames. */
void senses_mend(senses_t *s, uint64_t now_ns);
void senses_close(senses_t *s);

/* 1 when there is a value to draw: NEW or SAME, or STALE and to be drawn as such. */
int sense_shows(const sense_t *sense);

/* Why there is nothing, or nothing fresh, to draw: one line for people. */
const char *sense_words(const senses_t *s, const sense_t *sense, char *text, size_t size);

#endif
