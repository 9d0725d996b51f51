/* tracked.h - the instances and sessions of the app that the layer knows.
 *
 * They lie in fixed tables that are never freed, so that a call with a handle that was destroyed finds
 * nothing rather than freed memory. What does not fit into the tables is passed through.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LAYER_TRACKED_H
#define LAYER_TRACKED_H

#include <stdatomic.h>

#include "actions.h"
#include "calls.h"
#include "mapping.h"
#include "period.h"
#include "platform.h"
#include "settings.h"

#define TRACKED_INSTANCES 256
#define TRACKED_SESSIONS 256
#define TRACKED_FRAMES 4 /* that an app may have under way at once */

typedef struct instance {
  _Atomic(XrInstance) handle; /* XR_NULL_HANDLE: not in use */
  int taken;                  /* of the tables' lock */
  calls_t calls;
  settings_t settings;
  uint32_t extensions; /* LAYER_EXT_... */
  char app[XR_MAX_APPLICATION_NAME_SIZE], engine[XR_MAX_ENGINE_NAME_SIZE], runtime[XR_MAX_RUNTIME_NAME_SIZE];
  actions_t actions;
} instance_t;

/* Refused: the runtime did not take its end, which was published; the app may end it again. */
enum frame_state { FRAME_NONE, FRAME_WAITED, FRAME_BEGUN, FRAME_REFUSED };

typedef struct session {
  _Atomic(XrSession) handle; /* XR_NULL_HANDLE: not in use */
  int taken;                 /* of the tables' lock */
  instance_t *instance;
  lock_t lock; /* of the frames and of the mapping's frames; held for bookkeeping only */
  mapping_t mapping;
  _Atomic int watched; /* 1 while there is a mapping */
  struct {
    enum frame_state state;
    layer_frame_t frame;
  } under_way[TRACKED_FRAMES];
  int64_t present_time, present_at_ns; /* the runtime's time by the newest frame, and when that was; 0: none yet */
  period_t period;
  _Atomic int64_t clock_at_ns; /* when an app's thread last compared the clocks */
  lock_t worker_lock;          /* of the worker's start and stop */
  worker_t worker;
  void *held[2]; /* libraries that the worker runs in: this one, and what lies below */
  _Atomic int attached, own_attached, own_refused; /* action sets; own_refused: xrSyncActions did */
  _Atomic uint32_t profile_changes, stage_changes, local_changes, state;
  _Atomic int32_t sync_result;
} session_t;

/* NULL: not known, or of a lower mode, so that it lacks the mode's functions. */
instance_t *tracked_instance(XrInstance handle, uint32_t mode);
session_t *tracked_session(XrSession handle);

/* Whose action set or action it is; NULL: not known. */
instance_t *tracked_instance_of_set(XrActionSet set);
instance_t *tracked_instance_of_action(XrAction action);

/* Some instance that lives in this mode or a higher one, so that it has its functions; NULL: none. They
 * serve handles that are not known. */
instance_t *tracked_any_instance(uint32_t mode);

/* A free place, which `tracked_set_...` then makes known; NULL: none is left. */
instance_t *tracked_take_instance(void);
session_t *tracked_take_session(instance_t *instance);
void tracked_set_instance(instance_t *instance, XrInstance handle);
void tracked_set_session(session_t *session, XrSession handle);

void tracked_free_instance(instance_t *instance);
void tracked_free_session(session_t *session);

/* The next session of an instance (NULL: of any) behind `after` (NULL: the first); NULL: no more. */
session_t *tracked_next_session(const instance_t *instance, const session_t *after);

/* In a copy of the process: all that is known passes through from now on; threads and files are the other's. */
void tracked_pass_through(void);

/* The functions below a session, also one that is not known; NULL: there is no instance of this mode. */
const calls_t *tracked_calls(const session_t *session, uint32_t mode);

#endif
