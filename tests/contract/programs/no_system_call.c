/* Reads and writes as a frame does after the kernel was told to kill this process for any system
 * call but write and exit: no_system_call FOLDER APP [getpid]. Prints what was read;
 * `getpid` makes one call on purpose. The time is made up: this mode of the kernel's also forbids
 * the processor's own counter, which a clock call reads. */
#include "sensorium.h"

#include <linux/seccomp.h>
#include <sys/prctl.h>

#define ROUNDS 1000000
#define MOST_ROUNDS 400000000
#define ENOUGH 100

static sensorium_t s;
static sensorium_scene_t scene;

int main(int count, char **arguments) {
  sensorium_channel_t to_head, to_hand, to_gesture, to_event, to_voice, to_frames, to_scene;
  sensorium_head_t head;
  sensorium_hand_t hand;
  sensorium_gesture_t gesture;
  sensorium_voice_activity_t voice;
  sensorium_frame_timing_t frame;
  unsigned long counts[10] = {0}, events = 0, written = 0, ended = 0, i;
  const int call = count > 3 && !strcmp(arguments[3], "getpid");
  char line[256];
  uint64_t now;
  int length;
  if (count < 3 || sensorium_connect(&s, arguments[2], arguments[1]) != SENSORIUM_OK) return 3;
  if (sensorium_bind(&s, &to_head, "head") || sensorium_bind(&s, &to_hand, "hand_left") ||
      sensorium_bind(&s, &to_gesture, "gesture_right") || sensorium_bind(&s, &to_event, "gesture_event") ||
      sensorium_bind(&s, &to_voice, "voice_activity") || sensorium_bind(&s, &to_frames, "frame_timing") ||
      sensorium_bind(&s, &to_scene, "scene"))
    return 4;
  memset(&frame, 0, sizeof frame);
  scene.world_orientation[3] = scene.world_scale = 1;
  now = sensorium_now_ns();
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT)) return 5;

  if (call) syscall(SYS_getpid);
  for (i = 0; i < ROUNDS || (counts[SENSORIUM_NEW] < ENOUGH && i < MOST_ROUNDS); i++) {
    now += 50;
    sensorium_frame_begin(&s, &frame, now);
    counts[sensorium_read_head(&to_head, &head, now)]++;
    counts[sensorium_read_hand(&to_hand, &hand, now)]++;
    counts[sensorium_read_gesture(&to_gesture, &gesture, now)]++;
    counts[sensorium_read_voice_activity(&to_voice, &voice, now)]++;
    while (sensorium_next_gesture(&to_event, &gesture, now) == SENSORIUM_NEW) events++;
    ended += (unsigned long)sensorium_ended(&s, now);
    written += sensorium_frame_end(&to_frames, &frame, now) == SENSORIUM_OK;
    if (i % 1000 == 0) written += sensorium_write_scene(&to_scene, &scene, now, now) == SENSORIUM_OK;
  }
  length = snprintf(line, sizeof line, "{\"rounds\":%lu,\"new\":%lu,\"same\":%lu,\"events\":%lu,\"written\":%lu,\"ended\":%lu}\n",
                    i, counts[SENSORIUM_NEW], counts[SENSORIUM_SAME], events, written, ended);
  syscall(SYS_write, 1, line, (size_t)length);
  syscall(SYS_exit, 0); /* exit_group, which return would make, is not on the list */
  return 0;
}
