/* layout.h - what the layer writes for the daemon: one file of fixed size for each session of an app.
 *
 * Little endian, the same bytes on 32 and 64 bits, Linux and Windows: every gap is a member and
 * every 8-byte member lies at a multiple of 8. The Python side is sensors/openxr_layer/layout.py;
 * tests/contract/test_layer_host.py compares both, member by member.
 *
 * A ring is written as all of Sensorium's are: seq = 2n-1, content, seq = 2n, newest = n, for
 * n = 1, 2, ...; slot (n-1) % slots. Times are ns: `_ns` of the system's monotonic clock
 * (CLOCK_MONOTONIC, QueryPerformanceCounter), `_time` of the runtime (XrTime).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LAYER_LAYOUT_H
#define LAYER_LAYOUT_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define LAYER_MAGIC 0x315259414c534e53ull /* "SNSLAYR1" */
#define LAYER_VERSION 1u
#define LAYER_FRAMES 256u
#define LAYER_INPUTS 16u
#define LAYER_JOINTS 26

enum { LAYER_MODE_OFF, LAYER_MODE_TIMING, LAYER_MODE_THREAD };

/* Bits of layer_header.extensions: which the instance has; and, shifted by 8, which were added. */
enum { LAYER_EXT_CLOCK = 1, LAYER_EXT_HANDS = 2, LAYER_EXT_GAZE = 4, LAYER_EXT_ALL = 7, LAYER_EXT_ADDED_SHIFT = 8 };

/* Bits of layer_frame.flags. */
enum { LAYER_FRAME_DISCARDED = 1, LAYER_FRAME_UNMATCHED = 2 };

/* Bits of layer_input.flags. */
enum { LAYER_INPUT_TIME_ESTIMATED = 1, LAYER_INPUT_ATTACHED = 2, LAYER_INPUT_OWN_ACTIONS = 4 };

typedef struct layer_header {
  uint64_t magic; /* written last */
  uint32_t version, header_size;
  uint32_t frame_size, frame_slots, input_size, input_slots;
  uint64_t total_size;
  uint32_t pid, mode;
  int64_t started_ns;
  uint32_t extensions, input_hz; /* input_hz: what the owner asked for; 0: the display's rate */
  _Atomic uint64_t frames;       /* number of the newest frame; 0 before the first */
  _Atomic uint64_t lost_frames;  /* waited for or begun, and never ended */
  uint64_t gap_frames[6];
  _Atomic uint64_t inputs; /* number of the newest input */
  uint64_t gap_inputs[7];
  _Atomic int64_t clock_offset_ns; /* XrTime + this = monotonic, where clock_known */
  _Atomic uint32_t clock_known;
  _Atomic uint32_t ended; /* 1: the session was destroyed */
  uint64_t gap_clock[6];
  char app[128], engine[128], runtime[128]; /* UTF-8 as the app and the runtime say, closed by NUL */
} layer_header_t;

/* One frame that the app has ended. Results are XrResult; pairs are when a call began and returned. */
typedef struct layer_frame {
  _Atomic uint64_t seq;
  uint64_t number;
  int64_t wait_ns[2], begin_ns[2], end_ns[2];
  int64_t display_time, period, end_display_time; /* predicted by xrWaitFrame; given to xrEndFrame */
  int64_t layer_ns;                               /* what the layer itself took of the app's threads */
  int32_t wait_result, begin_result, end_result;
  uint32_t should_render, layers;
  uint32_t in_flight; /* other frames that were under way when this one was waited for */
  uint32_t flags, reserved;
} layer_frame_t;

/* A pose and its velocities; flags: 1 orientation valid, 2 position valid, 4 orientation tracked,
 * 8 position tracked, 16 linear velocity valid, 32 angular velocity valid. As records.POSE. */
typedef struct layer_pose {
  float position[3], orientation[4], linear_velocity[3], angular_velocity[3];
  uint32_t flags;
} layer_pose_t;

/* As records.JOINT. */
typedef struct layer_joint {
  float position[3], orientation[4], radius, linear_velocity[3], angular_velocity[3];
  uint32_t flags;
} layer_joint_t;

/* Bits of buttons: 1 trigger, 2 squeeze, 4 stick, 8 trackpad, 16 primary, 32 secondary, 64 menu, 128 system. */
typedef struct layer_hand {
  uint32_t hand_active, controller_active;
  layer_pose_t grip, aim;
  float trigger, squeeze, stick[2], trackpad[2];
  uint32_t pressed, touched, offered;
  uint32_t from_app; /* bits 0..3 trigger, squeeze, stick, trackpad; 4 grip; 5 aim: read from the app's own action */
  char profile[96];
  layer_joint_t joints[LAYER_JOINTS];
} layer_hand_t;

typedef struct layer_input {
  _Atomic uint64_t seq;
  uint64_t number;
  int64_t capture_ns, capture_time; /* what it was located for, in both clocks */
  int64_t cost_ns;                  /* what sampling took, on the layer's own thread */
  uint64_t frames;                  /* layer_header.frames at that time */
  int64_t gaze_time;                /* when the eyes were sampled; 0 where the runtime does not say */
  uint32_t flags;
  uint32_t space; /* 1 STAGE, 3 LOCAL */
  uint32_t space_generation, session_state;
  int32_t sync_result; /* of the app's last xrSyncActions */
  uint32_t reserved;
  layer_pose_t head, gaze;
  layer_hand_t hands[2];
  uint32_t gap[4];
} layer_input_t;

_Static_assert(sizeof(_Atomic uint64_t) == 8, "seq is one word");
_Static_assert(sizeof(layer_header_t) == 640, "header");
_Static_assert(offsetof(layer_header_t, frames) == 64, "frames has a cache line of its own");
_Static_assert(offsetof(layer_header_t, inputs) == 128, "inputs has a cache line of its own");
_Static_assert(offsetof(layer_header_t, app) == 256, "texts");
_Static_assert(sizeof(layer_frame_t) == 128, "frame");
_Static_assert(offsetof(layer_frame_t, wait_result) == 96, "results");
_Static_assert(sizeof(layer_pose_t) == 56 && sizeof(layer_joint_t) == 60, "poses");
_Static_assert(sizeof(layer_hand_t) == 1816, "hand");
_Static_assert(offsetof(layer_input_t, hands) == 192, "hands");
_Static_assert(sizeof(layer_input_t) == 3840, "input");

#define LAYER_TOTAL_SIZE \
  (sizeof(layer_header_t) + LAYER_FRAMES * sizeof(layer_frame_t) + LAYER_INPUTS * sizeof(layer_input_t))

#endif
