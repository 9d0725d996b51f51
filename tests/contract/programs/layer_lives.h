/* layer_lives.h - lives of an app over the mock runtime, with what each must come to. */
#ifndef LAYER_LIVES_H
#define LAYER_LIVES_H

#include <stdio.h>
#include <stdlib.h>

#include "layer_app.h"

#define CHECK(what)                                                 \
  do {                                                              \
    if (!(what)) {                                                  \
      printf("FAILED %s:%d: %s\n", __FILE__, __LINE__, #what);      \
      exit(1);                                                      \
    }                                                               \
  } while (0)

/* Of the host: an app through the layer, or on the mock itself; and the end of the loader's hold on the layer. */
app_t *new_app(int through_layer);
void unload_layer(void);

void play(const char *how);
void instances(void);
void orders(void);
void periods(void);
void times(void);
void threads(void);
void leave(void);

#endif
