/* hooks_frames.c - when the app waits for, begins and ends its frames.
 *
 * A frame is known by its display time. xrBeginFrame does not say which it begins: the oldest that was
 * waited for, unless xrEndFrame tells otherwise. Waiting for the next may overlap with the end of the
 * last, on another thread.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "hooks.h"

#define CLOCK_EVERY_NS 1000000000
#define LONGEST_NS 33333333 /* a longer period tells of load, not of the display */

static int is_watched(const session_t *session) {
  return session && atomic_load_explicit(&session->watched, memory_order_acquire);
}

/* The oldest frame in this state; -1: none. */
static int oldest(const session_t *session, enum frame_state state) {
  int i, found = -1;
  for (i = 0; i < TRACKED_FRAMES; i++)
    if (session->under_way[i].state == state &&
        (found < 0 || session->under_way[i].frame.wait_ns[0] < session->under_way[found].frame.wait_ns[0]))
      found = i;
  return found;
}

static void lose(session_t *session, int i) {
  session->under_way[i].state = FRAME_NONE;
  if (session->mapping.header)
    atomic_fetch_add_explicit(&session->mapping.header->lost_frames, 1, memory_order_relaxed);
}

void frames_forget(session_t *session) {
  int i;
  lock_take(&session->lock);
  for (i = 0; i < TRACKED_FRAMES; i++) {
    if (session->under_way[i].state == FRAME_REFUSED) session->under_way[i].state = FRAME_NONE;
    if (session->under_way[i].state != FRAME_NONE) lose(session, i);
  }
  session->present_time = session->present_at_ns = 0;
  lock_give(&session->lock);
}

/* A place for a new frame: a free one, else that of a frame which nobody ended. */
static int place(session_t *session, uint32_t *in_flight) {
  int i, found = -1;
  *in_flight = 0;
  for (i = 0; i < TRACKED_FRAMES; i++) {
    if (session->under_way[i].state == FRAME_NONE || session->under_way[i].state == FRAME_REFUSED) {
      if (found < 0 || session->under_way[found].state == FRAME_REFUSED) found = i;
    } else {
      ++*in_flight;
    }
  }
  if (found >= 0) return found;
  found = oldest(session, FRAME_BEGUN);
  if (found < 0) found = oldest(session, FRAME_WAITED);
  lose(session, found);
  --*in_flight;
  return found;
}

/* What the runtime's clock says, by a frame: it is shown one period after the app may begin it, and one more
 * for each frame before it. */
static void note_present(session_t *session, const layer_frame_t *frame) {
  int64_t period = frame->period < 0 ? 0 : frame->period > LONGEST_NS ? LONGEST_NS : frame->period;
  if (frame->display_time <= 0 || frame->display_time > INT64_MAX / 2) return; /* no clock is as far */
  session->present_time = frame->display_time - period * (frame->in_flight + 1);
  session->present_at_ns = frame->wait_ns[1];
}

static void note_waited(
    session_t *session, int64_t begin_ns, int64_t end_ns, XrResult result, const XrFrameState *state) {
  uint32_t in_flight;
  layer_frame_t *frame;
  int i;
  lock_take(&session->lock);
  i = place(session, &in_flight);
  frame = &session->under_way[i].frame;
  memset(frame, 0, sizeof *frame);
  session->under_way[i].state = FRAME_WAITED;
  frame->wait_ns[0] = begin_ns;
  frame->wait_ns[1] = end_ns;
  frame->wait_result = result;
  frame->display_time = state->predictedDisplayTime;
  frame->period = state->predictedDisplayPeriod;
  frame->should_render = state->shouldRender != XR_FALSE;
  frame->in_flight = in_flight;
  note_present(session, frame);
  period_learn(&session->period, frame->display_time, frame->period);
  frame->layer_ns = platform_now_ns() - end_ns;
  lock_give(&session->lock);
}

/* Compares the clocks anew where no thread of ours does: they drift. */
static void renew_clock(session_t *session, int64_t at_ns) {
  const instance_t *instance = session->instance;
  int64_t now_ns;
  XrTime now;
  if (instance->settings.mode != LAYER_MODE_TIMING || at_ns - atomic_load(&session->clock_at_ns) < CLOCK_EVERY_NS)
    return;
  atomic_store(&session->clock_at_ns, at_ns);
  if (!calls_now(&instance->calls, atomic_load(&instance->handle), &now_ns, &now)) return;
  lock_take(&session->lock);
  if (session->mapping.header) mapping_set_clock(&session->mapping, now_ns - now);
  lock_give(&session->lock);
}

XRAPI_ATTR XrResult XRAPI_CALL hook_WaitFrame(XrSession handle, const XrFrameWaitInfo *info, XrFrameState *state) {
  session_t *session = tracked_session(handle);
  const calls_t *calls = tracked_calls(session, LAYER_MODE_TIMING);
  int64_t begin_ns, end_ns;
  XrResult result;
  if (!calls) return XR_ERROR_HANDLE_INVALID;
  if (!is_watched(session)) return calls->WaitFrame(handle, info, state);
  begin_ns = platform_now_ns();
  result = calls->WaitFrame(handle, info, state);
  if (XR_SUCCEEDED(result)) {
    end_ns = platform_now_ns();
    renew_clock(session, end_ns);
    note_waited(session, begin_ns, end_ns, result, state);
  }
  return result;
}

static void note_begun(session_t *session, int64_t begin_ns, int64_t end_ns, XrResult result) {
  int i, begun;
  lock_take(&session->lock);
  begun = oldest(session, FRAME_WAITED);
  for (i = 0; i < TRACKED_FRAMES; i++)
    if (session->under_way[i].state == FRAME_REFUSED) session->under_way[i].state = FRAME_NONE;
  if (begun >= 0 && XR_FAILED(result)) {
    lose(session, begun);
  } else if (begun >= 0) {
    layer_frame_t *frame = &session->under_way[begun].frame;
    if (result == XR_FRAME_DISCARDED) {
      /* One that was begun before will not be shown; what the app has ended already is not concerned. */
      for (i = 0; i < TRACKED_FRAMES; i++)
        if (session->under_way[i].state == FRAME_BEGUN) lose(session, i);
      frame->flags |= LAYER_FRAME_DISCARDED;
    }
    session->under_way[begun].state = FRAME_BEGUN;
    frame->begin_ns[0] = begin_ns;
    frame->begin_ns[1] = end_ns;
    frame->begin_result = result;
    frame->layer_ns += platform_now_ns() - end_ns;
  }
  lock_give(&session->lock);
}

XRAPI_ATTR XrResult XRAPI_CALL hook_BeginFrame(XrSession handle, const XrFrameBeginInfo *info) {
  session_t *session = tracked_session(handle);
  const calls_t *calls = tracked_calls(session, LAYER_MODE_TIMING);
  int64_t begin_ns;
  XrResult result;
  if (!calls) return XR_ERROR_HANDLE_INVALID;
  if (!is_watched(session)) return calls->BeginFrame(handle, info);
  begin_ns = platform_now_ns();
  result = calls->BeginFrame(handle, info);
  note_begun(session, begin_ns, platform_now_ns(), result);
  return result;
}

/* Frame `from` was given up before it was begun: that was the begin of `to`. */
static void move_begin(session_t *session, int from, int to) {
  const layer_frame_t *given_up = &session->under_way[from].frame;
  layer_frame_t *frame = &session->under_way[to].frame;
  memcpy(frame->begin_ns, given_up->begin_ns, sizeof frame->begin_ns);
  frame->begin_result = given_up->begin_result;
  frame->flags = given_up->flags;
  session->under_way[to].state = FRAME_BEGUN;
  lose(session, from);
}

/* The frame that xrEndFrame speaks of; where no display time fits, the oldest that was begun; -1: none was. */
static int ended_frame(session_t *session, XrTime display_time) {
  int i, begun = oldest(session, FRAME_BEGUN);
  for (i = 0; i < TRACKED_FRAMES; i++) {
    if (session->under_way[i].state == FRAME_NONE || session->under_way[i].frame.display_time != display_time)
      continue;
    session->under_way[i].frame.flags &= ~(uint32_t)LAYER_FRAME_UNMATCHED;
    if (session->under_way[i].state != FRAME_WAITED) return i;
    if (begun >= 0) move_begin(session, begun, i);
    return begun < 0 ? -1 : i;
  }
  i = begun < 0 ? oldest(session, FRAME_REFUSED) : begun;
  if (i >= 0) session->under_way[i].frame.flags |= LAYER_FRAME_UNMATCHED;
  return i;
}

static void note_ended(
    session_t *session, int64_t begin_ns, int64_t end_ns, XrResult result, XrTime display_time, uint32_t layers) {
  int i;
  lock_take(&session->lock);
  i = ended_frame(session, display_time);
  if (i >= 0 && session->mapping.header) {
    layer_frame_t *frame = &session->under_way[i].frame;
    session->under_way[i].state = XR_FAILED(result) ? FRAME_REFUSED : FRAME_NONE;
    frame->end_ns[0] = begin_ns;
    frame->end_ns[1] = end_ns;
    frame->end_result = result;
    frame->end_display_time = display_time;
    frame->layers = layers;
    frame->layer_ns += platform_now_ns() - end_ns;
    mapping_publish_frame(&session->mapping, frame);
  }
  lock_give(&session->lock);
}

XRAPI_ATTR XrResult XRAPI_CALL hook_EndFrame(XrSession handle, const XrFrameEndInfo *info) {
  session_t *session = tracked_session(handle);
  const calls_t *calls = tracked_calls(session, LAYER_MODE_TIMING);
  int64_t begin_ns;
  XrTime display_time;
  uint32_t layers;
  XrResult result;
  if (!calls) return XR_ERROR_HANDLE_INVALID;
  if (!info || !is_watched(session)) return calls->EndFrame(handle, info);
  display_time = info->displayTime;
  layers = info->layerCount;
  begin_ns = platform_now_ns();
  result = calls->EndFrame(handle, info);
  note_ended(session, begin_ns, platform_now_ns(), result, display_time, layers);
  return result;
}
