/* SPDX-License-Identifier: Apache-2.0 */
#include "senses.h"

#define LOOK_AGAIN_NS 500000000u

static void place_target(sensorium_scene_target_t *target, uint64_t id, const char *name, float x, float y,
                         float z) {
  target->id = id;
  target->position[0] = x;
  target->position[1] = y;
  target->position[2] = z;
  target->orientation[3] = 1;
  target->flags = 1;
  snprintf(target->name, sizeof target->name, "%s", name);
}

/* A lamp, a crate and a screen in front of the wearer; the app's world is the stage itself. */
static void make_scene(sensorium_scene_t *scene) {
  memset(scene, 0, sizeof *scene);
  scene->world_orientation[3] = 1;
  scene->world_scale = 1;
  scene->count = SENSES_TARGETS;
  place_target(&scene->targets[0], 1, "lamp", 0.20f, 0.80f, -1.75f);
  scene->targets[0].radius = 0.09f;
  place_target(&scene->targets[1], 2, "crate", -2.3f, 0.25f, -1.35f);
  scene->targets[1].half_extents[0] = scene->targets[1].half_extents[2] = 0.25f;
  scene->targets[1].half_extents[1] = 0.25f;
  place_target(&scene->targets[2], 3, "screen", -0.95f, 1.1f, -2.6f);
  scene->targets[2].half_extents[0] = 0.5f;
  scene->targets[2].half_extents[1] = 0.29f;
  scene->targets[2].half_extents[2] = 0.02f;
}

void senses_open(senses_t *s, const char *directory) {
  memset(s, 0, sizeof *s);
  make_scene(&s->scene);
  sensorium_connect(&s->session, SENSES_APP, directory);
  sensorium_bind(&s->session, &s->to_scene, "scene");
  sensorium_bind(&s->session, &s->to_frames, "frame_timing");
  sensorium_bind(&s->session, &s->of_health.channel, "health");
  sensorium_bind(&s->session, &s->of_microphone.channel, "microphone");
  sensorium_bind(&s->session, &s->of_voice.channel, "voice_activity");
  sensorium_bind(&s->session, &s->of_gesture[0].channel, "gesture_left");
  sensorium_bind(&s->session, &s->of_gesture[1].channel, "gesture_right");
  sensorium_bind(&s->session, &s->of_head.channel, "head");
  sensorium_bind(&s->session, &s->of_hand[0].channel, "hand_left");
  sensorium_bind(&s->session, &s->of_hand[1].channel, "hand_right");
}

static void note(sense_t *sense, sensorium_status status) {
  sense->status = status;
  if (status == SENSORIUM_NEW) sense->fresh++;
}

void senses_read(senses_t *s, uint64_t now_ns) {
  int side;
  note(&s->of_head, sensorium_read_head(&s->of_head.channel, &s->head, now_ns));
  for (side = 0; side < 2; side++) {
    note(&s->of_hand[side], sensorium_read_hand(&s->of_hand[side].channel, &s->hand[side], now_ns));
    note(&s->of_gesture[side], sensorium_read_gesture(&s->of_gesture[side].channel, &s->gesture[side], now_ns));
  }
  note(&s->of_voice, sensorium_read_voice_activity(&s->of_voice.channel, &s->voice, now_ns));
  note(&s->of_microphone, sensorium_read_microphone(&s->of_microphone.channel, &s->microphone, now_ns));
  note(&s->of_health, sensorium_read_health(&s->of_health.channel, &s->health, now_ns));
}

void senses_publish(senses_t *s, uint64_t now_ns) {
  uint64_t generation = s->session.regions[SENSORIUM_REGION_APP].generation;
  if (sensorium_frame_end(&s->to_frames, &s->frame, now_ns) == SENSORIUM_OK) s->published++;
  if (s->scene_generation == generation && s->scene.space_generation == s->head.space_generation) return;
  s->scene.space_generation = s->head.space_generation;
  if (sensorium_write_scene(&s->to_scene, &s->scene, now_ns, now_ns) == SENSORIUM_OK)
    s->scene_generation = generation;
}

void senses_mend(senses_t *s, uint64_t now_ns) {
  const sensorium_region_t *regions = s->session.regions;
  uint64_t generation = regions[SENSORIUM_REGION_PUBLIC].generation;
  int complete = regions[SENSORIUM_REGION_MOTION].base && regions[SENSORIUM_REGION_APP].base;
  if (complete && !sensorium_ended(&s->session, now_ns)) return;
  if (now_ns < s->look_again_ns) return;
  s->look_again_ns = now_ns + LOOK_AGAIN_NS;
  sensorium_reconnect(&s->session);
  if (regions[SENSORIUM_REGION_PUBLIC].base && regions[SENSORIUM_REGION_PUBLIC].generation != generation)
    s->reconnects++;
}

void senses_close(senses_t *s) { sensorium_close(&s->session); }

int sense_shows(const sense_t *sense) {
  if (sense->status == SENSORIUM_NEW || sense->status == SENSORIUM_SAME) return 1;
  return sense->status == SENSORIUM_STALE && sense->channel.info.n && sense->channel.info.valid;
}

static const char *reason_words(uint32_t reason) {
  switch (reason) {
    case SENSORIUM_REASON_NONE: return "no reason given";
    case SENSORIUM_REASON_STARTING: return "starting";
    case SENSORIUM_REASON_INACTIVE: return "not tracked now";
    case SENSORIUM_REASON_OWNER_LOST: return "its process died";
    case SENSORIUM_REASON_NOT_CONFIGURED: return "not configured";
    case SENSORIUM_REASON_DENIED: return "denied by the system";
    case SENSORIUM_REASON_MUTED: return "muted by the owner";
    case SENSORIUM_REASON_CLOSED: return "closed: nobody needs it";
    case SENSORIUM_REASON_RUNTIME_MISSING: return "no OpenXR runtime";
    case SENSORIUM_REASON_DEVICE_MISSING: return "no such device";
    case SENSORIUM_REASON_NOT_OFFERED: return "the device does not offer it";
    case SENSORIUM_REASON_ENGINE_MISSING: return "engine missing: sensorium-engines build";
    case SENSORIUM_REASON_ENGINE_FAILED: return "its engine failed";
    case SENSORIUM_REASON_INPUT_LOST: return "its input is gone";
    case SENSORIUM_REASON_STOPPED: return "stopped";
    case SENSORIUM_REASON_NOT_IMPLEMENTED: return "not in this version";
    case SENSORIUM_REASON_FAILED: return "failed: sensorium doctor";
    default: return "unknown reason";
  }
}

const char *sense_words(const senses_t *s, const sense_t *sense, char *text, size_t size) {
  const sensorium_info_t *info = &sense->channel.info;
  text[0] = 0;
  switch (sense->status) {
    case SENSORIUM_STALE:
      if (!info->n) snprintf(text, size, "STALE: %s", reason_words(info->reason));
      else if (info->reason)
        snprintf(text, size, "STALE for %.1f s: %s", (double)info->age_ns / 1e9, reason_words(info->reason));
      else snprintf(text, size, "STALE for %.1f s", (double)info->age_ns / 1e9);
      break;
    case SENSORIUM_INVALID: snprintf(text, size, "%s", reason_words(info->reason)); break;
    case SENSORIUM_DENIED:
      snprintf(text, size, "DENIED. %s", s->session.remedy[0] ? s->session.remedy : "sensorium grants");
      break;
    case SENSORIUM_CLOSED:
      if (s->session.regions[SENSORIUM_REGION_PUBLIC].base && sense->channel.region_index != SENSORIUM_REGION_PUBLIC)
        snprintf(text, size, "closed: %s", s->session.message);
      else snprintf(text, size, "no daemon. sensorium run");
      break;
    case SENSORIUM_VERSION: sensorium_explain(&sense->channel, text, size); break;
    case SENSORIUM_BAD:
    case SENSORIUM_UNAVAILABLE: snprintf(text, size, "not offered by this daemon"); break;
    default: break;
  }
  return text;
}
