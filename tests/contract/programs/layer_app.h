/* layer_app.h - an OpenXR app that writes down all that it is answered. */
#ifndef LAYER_APP_H
#define LAYER_APP_H

#include "calls.h"
#include "negotiation.h"

#define APP_MOST_ANSWERS 4096

typedef struct app {
  negotiation_create_t create; /* of the layer, or of the mock itself */
  PFN_xrGetInstanceProcAddr get;
  calls_t calls;
  XrInstance instance;
  XrSession session;
  XrActionSet set;
  const char *name; /* NULL: "mock game" */
  int eyes, left_alone; /* suggests the profile of the eyes itself; binds nothing on the right */
  XrAction pose, press, squeeze, stick, left_only, both_hands;
  int64_t answers[APP_MOST_ANSWERS]; /* results, and what was given out: no handles */
  int count;
} app_t;

/* Steps of an app's life; each goes on whatever it is answered. */
void app_create(app_t *app);
void app_actions(app_t *app);
void app_begin(app_t *app);
void app_frame(app_t *app);
void app_end(app_t *app);

/* A frame, or what there is of it, as no app should make it. */
void app_odd_frame(app_t *app, const char *how);
void app_destroy(app_t *app);

/* All of them with so many frames. */
void app_live(app_t *app, int frames);

#endif
