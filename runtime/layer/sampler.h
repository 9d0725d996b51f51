/* sampler.h - the thread that asks the runtime where head, hands, controllers and eyes are.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LAYER_SAMPLER_H
#define LAYER_SAMPLER_H

#include "tracked.h"

/* Starts it for a session that is watched; nothing where it runs already. */
void sampler_start(session_t *session);

/* Ends it and returns when it has ended; its handles are destroyed. */
void sampler_stop(session_t *session);

/* The same when the process ends, but does not wait for a runtime that does not answer; 0: it runs still. */
int sampler_stop_at_exit(session_t *session);

#endif
