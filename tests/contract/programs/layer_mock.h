/* layer_mock.h - an OpenXR runtime for the layer to stand on, which fails on demand.
 *
 * It checks what it is called with: a dead handle, a wrong type or a state that was never attached
 * counts in `wrong`. Values are known by what an action is called.
 */
#ifndef LAYER_MOCK_H
#define LAYER_MOCK_H

#include <stdatomic.h>

#include "negotiation.h"

typedef struct mock {
  _Atomic(const char *) failing; /* the function of this name fails; "": none */
  atomic_int no_hands, no_gaze, no_clock; /* these extensions are not known */
  atomic_int refuse_bindings, refuse_attach, refuse_sync; /* whenever the layer's own are among them */
  atomic_int silent_own; /* an app's set of higher priority keeps everything from the layer's own */
  atomic_int wrong; /* calls that no app may make */
  atomic_int made_instances, calls;
  atomic_int bindings; /* of the last suggestion that was taken */
  atomic_int own_left, own_right, own_eyes; /* the layer's own of the last suggestion that was taken with any */
  atomic_int discard; /* the next frame that is begun takes the place of another */
  atomic_int state; /* of the session, told by the next xrPollEvent; 0: nothing is told */
  atomic_int stage_moves; /* the next xrPollEvent tells of it */
  atomic_int lost; /* nothing can be located any more */
  atomic_int gone; /* the runtime is unloaded: whoever calls it now crashes */
  atomic_int ahead_ns; /* of the runtime's clock */
  _Atomic int64_t told_time, told_period; /* by xrWaitFrame, where told_odd */
  atomic_int told_odd;
} mock_t;

extern mock_t mock;

/* Handles that live, of all kinds. */
int mock_alive(void);

/* Forgets everything. */
void mock_reset(void);

XRAPI_ATTR XrResult XRAPI_CALL mock_get(XrInstance instance, const char *name, PFN_xrVoidFunction *function);
XRAPI_ATTR XrResult XRAPI_CALL
mock_create(const XrInstanceCreateInfo *info, const negotiation_create_info_t *below, XrInstance *out);

/* The names of all functions; NULL at the end. */
extern const char *const mock_names[];

#endif
