/* SPDX-License-Identifier: Apache-2.0 */
#include "pose.h"

#define TRACKED 15u
#define FINGERS 5

static void place_joint(sensorium_joint_t *joint, float side, float x, float y, float z) {
  joint->position[0] = side * (0.2f + x);
  joint->position[1] = 1.2f + y;
  joint->position[2] = -0.35f + z;
  joint->orientation[3] = 1;
  joint->radius = 0.009f;
  joint->flags = TRACKED;
}

/* An upright hand: straight fingers that spread from the wrist. */
static void hold_hand(sensorium_hand_t *hand, float side) {
  int finger, i, joint = 2;
  hand->space = 1;
  place_joint(&hand->joints[0], side, 0, 0.05f, 0);
  place_joint(&hand->joints[1], side, 0, 0, 0);
  for (finger = 0; finger < FINGERS; finger++) {
    const float lean = 0.45f * (float)(finger - 2) + (finger ? 0.0f : -0.4f);
    const int joints = finger ? 5 : 4;
    for (i = 0; i < joints; i++) {
      const float up = 0.03f + 0.034f * (float)i;
      place_joint(&hand->joints[joint++], side, up * lean, up, -0.01f * (float)i);
    }
  }
}

static void hold(sense_t *sense) {
  sense->status = SENSORIUM_SAME;
  sense->channel.info.n = 1;
  sense->channel.info.valid = 1;
}

void pose_hold(senses_t *s) {
  int side;
  hold(&s->of_head);
  s->head.space = 1;
  s->head.pose.position[1] = 1.62f;
  s->head.pose.orientation[3] = 1;
  s->head.pose.flags = TRACKED;
  for (side = 0; side < 2; side++) {
    hold(&s->of_hand[side]);
    hold_hand(&s->hand[side], side ? 1.0f : -1.0f);
    hold(&s->of_gesture[side]);
    snprintf(s->gesture[side].name, sizeof s->gesture[side].name, "Open_Palm");
    s->gesture[side].score = 0.9f;
    s->gesture[side].grab = s->gesture[side].pinch = 0.5f;
  }
  hold(&s->of_voice);
  s->voice.speaking = 1;
  s->voice.probability = 0.8f;
  s->voice.loudness = -20;
  hold(&s->of_microphone);
  s->microphone.state = 1;
  snprintf(s->microphone.device, sizeof s->microphone.device, "none: a held pose");
  hold(&s->of_health);
  snprintf(s->health.version, sizeof s->health.version, "held");
}
