/* sampler.c - see sampler.h. All handles here are the thread's own: made when it begins, destroyed when it ends.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "sampler.h"

#include <string.h>

#include "controllers.h"

#define SHORTEST_NS 2000000     /* 500 Hz: twice what any display shows */
#define LONGEST_NS 33333333     /* 30 Hz: slower than any headset; senses would starve */
#define UNTOLD_NS 11111111      /* before the app has waited for a frame: 90 Hz */
#define CLOCK_EVERY_NS 1000000000
#define EXIT_WITHIN_NS 2000000000

typedef struct sampler {
  session_t *session;
  const calls_t *calls;
  XrSession handle;
  uint32_t space; /* of layer_input.space */
  XrSpace base, view, gaze;
  XrHandTrackerEXT trackers[2];
  controllers_t controllers;
  int64_t clock_at_ns;
} sampler_t;

static XrSpace reference_space(const sampler_t *s, XrReferenceSpaceType type) {
  const XrReferenceSpaceCreateInfo info = {
      .type = XR_TYPE_REFERENCE_SPACE_CREATE_INFO, .referenceSpaceType = type,
      .poseInReferenceSpace = {.orientation = {0, 0, 0, 1}}};
  XrSpace space = XR_NULL_HANDLE;
  return XR_SUCCEEDED(s->calls->CreateReferenceSpace(s->handle, &info, &space)) ? space : XR_NULL_HANDLE;
}

static XrHandTrackerEXT hand_tracker(const sampler_t *s, XrHandEXT hand) {
  const XrHandTrackerCreateInfoEXT info = {
      .type = XR_TYPE_HAND_TRACKER_CREATE_INFO_EXT, .hand = hand, .handJointSet = XR_HAND_JOINT_SET_DEFAULT_EXT};
  XrHandTrackerEXT tracker = XR_NULL_HANDLE;
  return XR_SUCCEEDED(s->calls->CreateHandTrackerEXT(s->handle, &info, &tracker)) ? tracker : XR_NULL_HANDLE;
}

static void open_all(sampler_t *s) {
  s->base = reference_space(s, XR_REFERENCE_SPACE_TYPE_STAGE);
  s->space = 1;
  if (s->base == XR_NULL_HANDLE) {
    s->base = reference_space(s, XR_REFERENCE_SPACE_TYPE_LOCAL);
    s->space = 3;
  }
  s->view = reference_space(s, XR_REFERENCE_SPACE_TYPE_VIEW);
  if ((s->session->instance->extensions & LAYER_EXT_HANDS) && s->session->instance->settings.hands) {
    s->trackers[0] = hand_tracker(s, XR_HAND_LEFT_EXT);
    s->trackers[1] = hand_tracker(s, XR_HAND_RIGHT_EXT);
  }
  s->controllers.session = s->session;
  s->controllers.handle = s->handle;
  s->controllers.base = s->base;
}

static void close_all(sampler_t *s) {
  XrSpace *const spaces[] = {&s->gaze, &s->view, &s->base};
  size_t i;
  for (i = 0; i < 2; i++)
    if (s->trackers[i] != XR_NULL_HANDLE) s->calls->DestroyHandTrackerEXT(s->trackers[i]);
  controllers_close(&s->controllers);
  for (i = 0; i < sizeof spaces / sizeof *spaces; i++)
    if (*spaces[i] != XR_NULL_HANDLE) s->calls->DestroySpace(*spaces[i]);
}

static void read_hand(const sampler_t *s, int side, XrTime time, layer_hand_t *out) {
  XrHandJointLocationEXT joints[LAYER_JOINTS];
  XrHandJointVelocityEXT speeds[LAYER_JOINTS];
  XrHandJointVelocitiesEXT velocities = {
      .type = XR_TYPE_HAND_JOINT_VELOCITIES_EXT, .jointCount = LAYER_JOINTS, .jointVelocities = speeds};
  XrHandJointLocationsEXT locations = {
      .type = XR_TYPE_HAND_JOINT_LOCATIONS_EXT, .next = &velocities, .jointCount = LAYER_JOINTS,
      .jointLocations = joints};
  const XrHandJointsLocateInfoEXT info = {
      .type = XR_TYPE_HAND_JOINTS_LOCATE_INFO_EXT, .baseSpace = s->base, .time = time};
  int i;
  if (s->trackers[side] == XR_NULL_HANDLE) return;
  memset(joints, 0, sizeof joints);
  memset(speeds, 0, sizeof speeds);
  if (XR_FAILED(s->calls->LocateHandJointsEXT(s->trackers[side], &info, &locations)) || !locations.isActive) return;
  out->hand_active = 1;
  for (i = 0; i < LAYER_JOINTS; i++) {
    layer_joint_t *joint = &out->joints[i];
    memcpy(joint->position, &joints[i].pose.position, sizeof joint->position);
    memcpy(joint->orientation, &joints[i].pose.orientation, sizeof joint->orientation);
    memcpy(joint->linear_velocity, &speeds[i].linearVelocity, sizeof joint->linear_velocity);
    memcpy(joint->angular_velocity, &speeds[i].angularVelocity, sizeof joint->angular_velocity);
    joint->radius = joints[i].radius;
    joint->flags = controllers_flags(joints[i].locationFlags, speeds[i].velocityFlags);
  }
}

static void read_gaze(sampler_t *s, XrTime time, layer_input_t *input) {
  instance_t *instance = s->session->instance;
  XrEyeGazeSampleTimeEXT sampled = {.type = XR_TYPE_EYE_GAZE_SAMPLE_TIME_EXT};
  XrSpaceLocation location = {.type = XR_TYPE_SPACE_LOCATION, .next = &sampled};
  int suggested;
  if (!instance->settings.gaze || !(input->flags & LAYER_INPUT_OWN_ACTIONS)) return;
  if (s->gaze == XR_NULL_HANDLE) {
    XrActionSpaceCreateInfo info = {
        .type = XR_TYPE_ACTION_SPACE_CREATE_INFO, .poseInActionSpace = {.orientation = {0, 0, 0, 1}}};
    lock_take(&instance->actions.lock);
    suggested = instance->actions.gaze_suggested;
    info.action = instance->actions.own[OWN_GAZE];
    lock_give(&instance->actions.lock);
    if (!suggested || XR_FAILED(s->calls->CreateActionSpace(s->handle, &info, &s->gaze))) return;
  }
  if (XR_FAILED(s->calls->LocateSpace(s->gaze, s->base, time, &location))) return;
  input->gaze.flags = controllers_flags(location.locationFlags, 0);
  memcpy(input->gaze.position, &location.pose.position, sizeof input->gaze.position);
  memcpy(input->gaze.orientation, &location.pose.orientation, sizeof input->gaze.orientation);
  input->gaze_time = sampled.time;
}

/* The present in both clocks; without the extension what the last frame tells of it. */
static int find_time(sampler_t *s, layer_input_t *input) {
  session_t *session = s->session;
  if (calls_now(s->calls, atomic_load(&session->instance->handle), &input->capture_ns, &input->capture_time)) {
    if (input->capture_ns - s->clock_at_ns >= CLOCK_EVERY_NS) {
      mapping_set_clock(&session->mapping, input->capture_ns - input->capture_time);
      s->clock_at_ns = input->capture_ns;
    }
    return 1;
  }
  input->capture_ns = platform_now_ns();
  lock_take(&session->lock);
  input->capture_time =
      session->present_at_ns ? session->present_time + input->capture_ns - session->present_at_ns : 0;
  lock_give(&session->lock);
  input->flags |= LAYER_INPUT_TIME_ESTIMATED;
  return input->capture_time > 0;
}

/* Whether nothing will be answered any more. */
static int is_lost(XrResult result) {
  return result == XR_ERROR_SESSION_LOST || result == XR_ERROR_INSTANCE_LOST || result == XR_ERROR_HANDLE_INVALID;
}

/* 0: the session is lost. */
static int sample(sampler_t *s) {
  session_t *session = s->session;
  layer_input_t input;
  memset(&input, 0, sizeof input);
  if (s->base == XR_NULL_HANDLE || !find_time(s, &input)) return 1;
  input.frames = atomic_load_explicit(&session->mapping.header->frames, memory_order_relaxed);
  input.space = s->space;
  input.space_generation = atomic_load(s->space == 1 ? &session->stage_changes : &session->local_changes);
  input.session_state = atomic_load(&session->state);
  input.sync_result = atomic_load(&session->sync_result);
  if (is_lost(controllers_locate(s->calls, s->view, s->base, input.capture_time, &input.head))) return 0;
  read_hand(s, 0, input.capture_time, &input.hands[0]);
  read_hand(s, 1, input.capture_time, &input.hands[1]);
  controllers_read(&s->controllers, input.capture_time, &input);
  read_gaze(s, input.capture_time, &input);
  input.cost_ns = platform_now_ns() - input.capture_ns;
  mapping_publish_input(&session->mapping, &input);
  return 1;
}

/* The owner's, else the display's. */
static int64_t period_ns(session_t *session) {
  int64_t period;
  if (session->instance->settings.hz) return 1000000000 / session->instance->settings.hz;
  period = atomic_load_explicit(&session->period.ns, memory_order_relaxed);
  if (!period) return UNTOLD_NS;
  return period < SHORTEST_NS ? SHORTEST_NS : period > LONGEST_NS ? LONGEST_NS : period;
}

static void run(worker_t *worker, void *argument) {
  sampler_t s;
  int64_t next_ns;
  memset(&s, 0, sizeof s);
  s.session = argument;
  s.calls = &s.session->instance->calls;
  s.handle = atomic_load(&s.session->handle);
  open_all(&s);
  next_ns = platform_now_ns();
  do {
    int64_t now_ns, period = period_ns(s.session);
    if (!sample(&s)) break;
    now_ns = platform_now_ns();
    next_ns += period;
    /* What came late is not made up for; and a runtime that is slow to answer gets a pause, too. */
    if (next_ns < now_ns + period / 4) next_ns = now_ns + period / 4;
  } while (worker_sleep_until(worker, next_ns));
  close_all(&s);
}

static void release(session_t *session) {
  int i;
  for (i = 0; i < 2; i++) {
    platform_release(session->held[i]);
    session->held[i] = NULL;
  }
}

void sampler_start(session_t *session) {
  if (session->instance->settings.mode != LAYER_MODE_THREAD ||
      !atomic_load_explicit(&session->watched, memory_order_acquire))
    return;
  lock_take(&session->worker_lock);
  if (!session->worker.running) {
    /* An app may unload all of OpenXR and end nothing before. */
    session->held[0] = platform_hold((void (*)(void))sampler_start);
    session->held[1] = platform_hold((void (*)(void))session->instance->calls.LocateSpace);
    if (!worker_start(&session->worker, run, session)) release(session);
  }
  lock_give(&session->worker_lock);
}

void sampler_stop(session_t *session) {
  lock_take(&session->worker_lock);
  worker_stop(&session->worker);
  release(session);
  lock_give(&session->worker_lock);
}

int sampler_stop_at_exit(session_t *session) {
  int ended;
  lock_take(&session->worker_lock);
  /* Nothing is released: this may be the last that holds the code that runs here. */
  ended = worker_stop_within(&session->worker, EXIT_WITHIN_NS);
  lock_give(&session->worker_lock);
  return ended;
}
