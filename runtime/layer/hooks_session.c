/* hooks_session.c - instances and sessions that end, sessions that begin, and what the runtime tells.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "hooks.h"
#include "sampler.h"

static void open_mapping(session_t *session) {
  static atomic_flag copies_are_told = ATOMIC_FLAG_INIT;
  const instance_t *instance = session->instance;
  const mapping_about_t about = {
      instance->settings.mode, instance->extensions, instance->settings.hz,
      instance->app,           instance->engine,     instance->runtime,
  };
  int64_t now_ns;
  XrTime now;
  if (!mapping_open(&session->mapping, &about)) return;
  if (calls_now(&instance->calls, atomic_load(&instance->handle), &now_ns, &now))
    mapping_set_clock(&session->mapping, now_ns - now);
  atomic_store_explicit(&session->watched, 1, memory_order_release);
  if (!atomic_flag_test_and_set(&copies_are_told)) platform_in_copies(tracked_pass_through);
}

static void stop_watching(session_t *session) {
  lock_take(&session->lock);
  atomic_store(&session->watched, 0);
  mapping_close(&session->mapping);
  lock_give(&session->lock);
}

/* Joins the thread first: it uses the mapping and the session's handles. */
static void end_session(session_t *session) {
  sampler_stop(session);
  stop_watching(session);
}

/* Of an app that leaves by exit and destroys nothing. */
static void end_at_exit(void) {
  session_t *session = NULL;
  while ((session = tracked_next_session(NULL, session)) != NULL)
    if (sampler_stop_at_exit(session)) stop_watching(session);
}

XRAPI_ATTR XrResult XRAPI_CALL hook_CreateSession(XrInstance handle, const XrSessionCreateInfo *info, XrSession *out) {
  instance_t *instance = tracked_instance(handle, LAYER_MODE_TIMING);
  instance_t *any = instance ? instance : tracked_any_instance(LAYER_MODE_TIMING);
  session_t *session;
  XrResult result;
  if (!any) return XR_ERROR_HANDLE_INVALID;
  result = any->calls.CreateSession(handle, info, out);
  if (XR_FAILED(result) || !instance) return result;
  session = tracked_take_session(instance);
  if (!session) return result;
  open_mapping(session);
  tracked_set_session(session, *out);
  return result;
}

XRAPI_ATTR XrResult XRAPI_CALL hook_DestroySession(XrSession handle) {
  session_t *session = tracked_session(handle);
  const calls_t *calls = tracked_calls(session, LAYER_MODE_TIMING);
  if (!calls) return XR_ERROR_HANDLE_INVALID;
  if (session) {
    end_session(session);
    tracked_free_session(session);
  }
  return calls->DestroySession(handle);
}

XRAPI_ATTR XrResult XRAPI_CALL hook_DestroyInstance(XrInstance handle) {
  instance_t *instance = tracked_instance(handle, LAYER_MODE_OFF);
  instance_t *any = instance ? instance : tracked_any_instance(LAYER_MODE_OFF);
  PFN_xrDestroyInstance destroy;
  session_t *session = NULL;
  XrResult result;
  if (!any) return XR_ERROR_HANDLE_INVALID;
  destroy = any->calls.DestroyInstance;
  if (!instance) return destroy(handle);
  /* Of an app that did not destroy them. */
  while ((session = tracked_next_session(instance, session)) != NULL) {
    end_session(session);
    tracked_free_session(session);
  }
  /* Before the call: afterwards another thread may be given the same handle. */
  tracked_set_instance(instance, XR_NULL_HANDLE);
  result = destroy(handle);
  if (XR_FAILED(result)) {
    tracked_set_instance(instance, handle);
  } else {
    tracked_free_instance(instance);
  }
  return result;
}

XRAPI_ATTR XrResult XRAPI_CALL hook_BeginSession(XrSession handle, const XrSessionBeginInfo *info) {
  session_t *session = tracked_session(handle);
  const calls_t *calls = tracked_calls(session, LAYER_MODE_TIMING);
  XrResult result;
  if (!calls) return XR_ERROR_HANDLE_INVALID;
  result = calls->BeginSession(handle, info);
  if (session && XR_SUCCEEDED(result)) {
    frames_forget(session);
    /* Each time: a runtime that was loaded since is taken down before what was told earlier. */
    if (atomic_load(&session->watched)) platform_at_exit(end_at_exit);
    sampler_start(session);
  }
  return result;
}

XRAPI_ATTR XrResult XRAPI_CALL hook_EndSession(XrSession handle) {
  session_t *session = tracked_session(handle);
  const calls_t *calls = tracked_calls(session, LAYER_MODE_TIMING);
  XrResult result;
  if (!calls) return XR_ERROR_HANDLE_INVALID;
  result = calls->EndSession(handle);
  if (session && XR_SUCCEEDED(result)) {
    sampler_stop(session);
    frames_forget(session);
  }
  return result;
}

static void note_event(const XrEventDataBuffer *event) {
  session_t *session;
  if (event->type == XR_TYPE_EVENT_DATA_SESSION_STATE_CHANGED) {
    const XrEventDataSessionStateChanged *changed = (const void *)event;
    session = tracked_session(changed->session);
    if (session) atomic_store(&session->state, (uint32_t)changed->state);
  } else if (event->type == XR_TYPE_EVENT_DATA_INTERACTION_PROFILE_CHANGED) {
    const XrEventDataInteractionProfileChanged *changed = (const void *)event;
    session = tracked_session(changed->session);
    if (session) atomic_fetch_add(&session->profile_changes, 1);
  } else if (event->type == XR_TYPE_EVENT_DATA_REFERENCE_SPACE_CHANGE_PENDING) {
    const XrEventDataReferenceSpaceChangePending *changed = (const void *)event;
    session = tracked_session(changed->session);
    if (session && changed->referenceSpaceType == XR_REFERENCE_SPACE_TYPE_STAGE)
      atomic_fetch_add(&session->stage_changes, 1);
    if (session && changed->referenceSpaceType == XR_REFERENCE_SPACE_TYPE_LOCAL)
      atomic_fetch_add(&session->local_changes, 1);
  }
}

XRAPI_ATTR XrResult XRAPI_CALL hook_PollEvent(XrInstance handle, XrEventDataBuffer *event) {
  instance_t *instance = tracked_instance(handle, LAYER_MODE_THREAD);
  instance_t *any = instance ? instance : tracked_any_instance(LAYER_MODE_THREAD);
  XrResult result;
  if (!any) return XR_ERROR_HANDLE_INVALID;
  result = any->calls.PollEvent(handle, event);
  if (instance && result == XR_SUCCESS) note_event(event);
  return result;
}
