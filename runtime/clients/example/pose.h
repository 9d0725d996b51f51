/* pose.h - hands, head and voice that never change: what is drawn to compare frame times.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef VIEWER_POSE_H
#define VIEWER_POSE_H

#include "senses.h"

/* Fills everything that is drawn, as if it had just been read. */
void pose_hold(senses_t *s);

#endif
