/* tracked.c - see tracked.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tracked.h"

#include <string.h>

static instance_t instances[TRACKED_INSTANCES];
static session_t sessions[TRACKED_SESSIONS];
static _Atomic int instances_used, sessions_used; /* places that were ever taken: so many are looked at */
static lock_t table_lock = LOCK_INITIAL;

instance_t *tracked_instance(XrInstance handle, uint32_t mode) {
  int i, used = atomic_load_explicit(&instances_used, memory_order_acquire);
  for (i = 0; i < used && handle != XR_NULL_HANDLE; i++)
    if (atomic_load_explicit(&instances[i].handle, memory_order_acquire) == handle)
      return instances[i].settings.mode >= mode ? &instances[i] : NULL;
  return NULL;
}

session_t *tracked_session(XrSession handle) {
  int i, used = atomic_load_explicit(&sessions_used, memory_order_acquire);
  for (i = 0; i < used && handle != XR_NULL_HANDLE; i++)
    if (atomic_load_explicit(&sessions[i].handle, memory_order_acquire) == handle) return &sessions[i];
  return NULL;
}

static int is_live(const instance_t *instance) {
  return atomic_load_explicit(&instance->handle, memory_order_acquire) != XR_NULL_HANDLE;
}

instance_t *tracked_instance_of_set(XrActionSet set) {
  int i, used = atomic_load_explicit(&instances_used, memory_order_acquire);
  for (i = 0; i < used; i++)
    if (is_live(&instances[i]) && actions_has_set(&instances[i].actions, set)) return &instances[i];
  return NULL;
}

instance_t *tracked_instance_of_action(XrAction action) {
  int i, used = atomic_load_explicit(&instances_used, memory_order_acquire);
  for (i = 0; i < used; i++)
    if (is_live(&instances[i]) && actions_has_action(&instances[i].actions, action)) return &instances[i];
  return NULL;
}

instance_t *tracked_any_instance(uint32_t mode) {
  int i, used = atomic_load_explicit(&instances_used, memory_order_acquire);
  for (i = 0; i < used; i++)
    if (is_live(&instances[i]) && instances[i].settings.mode >= mode) return &instances[i];
  return NULL;
}

instance_t *tracked_take_instance(void) {
  instance_t *found = NULL;
  int i;
  lock_take(&table_lock);
  for (i = 0; i < TRACKED_INSTANCES && !found; i++)
    if (!instances[i].taken) found = &instances[i];
  if (found) {
    int used = (int)(found - instances) + 1;
    found->taken = 1;
    if (used > atomic_load(&instances_used)) {
      lock_init(&found->actions.lock);
      atomic_store(&instances_used, used);
    }
    memset(&found->calls, 0, sizeof found->calls);
    found->extensions = 0;
    found->app[0] = found->engine[0] = found->runtime[0] = '\0';
  }
  lock_give(&table_lock);
  return found;
}

session_t *tracked_take_session(instance_t *instance) {
  session_t *found = NULL;
  int i;
  lock_take(&table_lock);
  for (i = 0; i < TRACKED_SESSIONS && !found; i++)
    if (!sessions[i].taken) found = &sessions[i];
  if (found) {
    int used = (int)(found - sessions) + 1;
    found->taken = 1;
    if (used > atomic_load(&sessions_used)) {
      lock_init(&found->lock);
      lock_init(&found->worker_lock);
      atomic_store(&sessions_used, used);
    }
    found->instance = instance;
    memset(found->under_way, 0, sizeof found->under_way);
    memset(&found->period, 0, sizeof found->period);
    found->present_time = found->present_at_ns = 0;
    atomic_store(&found->clock_at_ns, 0);
    atomic_store(&found->watched, 0);
    atomic_store(&found->attached, 0);
    atomic_store(&found->own_attached, 0);
    atomic_store(&found->own_refused, 0);
    atomic_store(&found->profile_changes, 0);
    atomic_store(&found->stage_changes, 0);
    atomic_store(&found->local_changes, 0);
    atomic_store(&found->state, 0);
    atomic_store(&found->sync_result, 0);
  }
  lock_give(&table_lock);
  return found;
}

void tracked_set_instance(instance_t *instance, XrInstance handle) {
  atomic_store_explicit(&instance->handle, handle, memory_order_release);
}

void tracked_set_session(session_t *session, XrSession handle) {
  atomic_store_explicit(&session->handle, handle, memory_order_release);
}

void tracked_free_instance(instance_t *instance) {
  atomic_store(&instance->handle, XR_NULL_HANDLE);
  actions_clear(&instance->actions);
  lock_take(&table_lock);
  instance->taken = 0;
  lock_give(&table_lock);
}

void tracked_free_session(session_t *session) {
  atomic_store(&session->handle, XR_NULL_HANDLE);
  lock_take(&table_lock);
  session->taken = 0;
  lock_give(&table_lock);
}

session_t *tracked_next_session(const instance_t *instance, const session_t *after) {
  int i = after ? (int)(after - sessions) + 1 : 0, used = atomic_load(&sessions_used);
  session_t *found = NULL;
  lock_take(&table_lock);
  for (; i < used && !found; i++)
    if (sessions[i].taken && (!instance || sessions[i].instance == instance)) found = &sessions[i];
  lock_give(&table_lock);
  return found;
}

void tracked_pass_through(void) {
  int i;
  lock_init(&table_lock);
  for (i = 0; i < atomic_load(&instances_used); i++) lock_init(&instances[i].actions.lock);
  for (i = 0; i < atomic_load(&sessions_used); i++) {
    lock_init(&sessions[i].lock);
    lock_init(&sessions[i].worker_lock);
    atomic_store(&sessions[i].watched, 0);
    sessions[i].worker.running = 0;
    mapping_forget(&sessions[i].mapping);
  }
}

const calls_t *tracked_calls(const session_t *session, uint32_t mode) {
  const instance_t *instance = session ? session->instance : NULL;
  if (!instance || instance->settings.mode < mode) instance = tracked_any_instance(mode);
  return instance ? &instance->calls : NULL;
}
