/* layer_host.c - loads the layer as a loader does and lives an app's life on it, over the mock runtime.
 *
 *   layer_host LIBRARY SCENARIO [ARGUMENT]
 *
 * Says what it saw; ends with 0 when all was as it must be.
 */
#ifdef _WIN32
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#else
#include <dlfcn.h>
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layer_lives.h"
#include "layer_mock.h"
#include "layout.h"
#include "platform.h"
#include "profiles.h"

typedef XrResult(XRAPI_PTR *negotiate_t)(
    const negotiation_loader_info_t *, const char *, negotiation_layer_request_t *);

static negotiation_layer_request_t layer = {
    .kind = NEGOTIATION_LAYER_REQUEST, .version = 1, .size = sizeof layer};

static void *library; /* as the loader has it */

app_t *new_app(int through_layer) {
  app_t *app = calloc(1, sizeof *app);
  CHECK(app);
  app->create = through_layer ? layer.create : mock_create;
  app->get = through_layer ? layer.get : mock_get;
  return app;
}

static void load(const char *file) {
  negotiation_loader_info_t loader = {
      .kind = NEGOTIATION_LOADER_INFO, .version = 1, .size = sizeof loader, .min_interface = 1, .max_interface = 1,
      .min_api = XR_MAKE_VERSION(1, 0, 0), .max_api = XR_MAKE_VERSION(1, 0x3ff, 0xfff)};
  negotiation_layer_request_t other = layer;
  negotiate_t negotiate;
#ifdef _WIN32
  FARPROC found = GetProcAddress(library = LoadLibraryA(file), "xrNegotiateLoaderApiLayerInterface");
#else
  void *found = dlsym(library = dlopen(file, RTLD_NOW), "xrNegotiateLoaderApiLayerInterface");
#endif
  CHECK(found);
  memcpy(&negotiate, &found, sizeof negotiate);
  CHECK(negotiate(&loader, LAYER_NAME, &layer) == XR_SUCCESS);
  CHECK(layer.layer_interface == 1 && layer.get && layer.create);
  CHECK(negotiate(&loader, "another layer", &other) == XR_ERROR_INITIALIZATION_FAILED);
  other.version = 2;
  CHECK(negotiate(&loader, LAYER_NAME, &other) == XR_ERROR_INITIALIZATION_FAILED);
  other.version = 1;
  loader.min_interface = loader.max_interface = 2;
  CHECK(negotiate(&loader, LAYER_NAME, &other) == XR_ERROR_INITIALIZATION_FAILED);
  CHECK(negotiate(NULL, NULL, NULL) == XR_ERROR_INITIALIZATION_FAILED);
}

void unload_layer(void) {
#ifdef _WIN32
  FreeLibrary(library);
#else
  dlclose(library);
#endif
}

/* Whatever fails below, the app is answered just what it would be without the layer. */
static void same(void) {
  int i, wrong;
  for (i = -2; i < 0 || mock_names[i]; i++) {
    const char *name = i == -2 ? "" : i == -1 ? "xrCreateInstance" : mock_names[i];
    app_t *without = new_app(0), *with = new_app(1);
    mock_reset();
    atomic_store(&mock.failing, name);
    app_live(without, 5);
    wrong = atomic_load(&mock.wrong);
    mock_reset();
    atomic_store(&mock.failing, name);
    app_live(with, 5);
    if (with->count != without->count || memcmp(with->answers, without->answers, sizeof with->answers) != 0 ||
        atomic_load(&mock.wrong) != wrong) {
      printf("FAILED with %s failing: %d answers and %d wrong calls, without the layer %d and %d\n", name,
             with->count, atomic_load(&mock.wrong), without->count, wrong);
      exit(1);
    }
    free(with);
    free(without);
  }
  mock_reset();
}

/* Where the layer is not allowed, the app is handed the functions of the runtime themselves. */
static void off(void) {
  app_t *app = new_app(1), *without = new_app(0);
  int i;
  app_create(app);
  app_create(without);
  for (i = 0; mock_names[i]; i++) {
    PFN_xrVoidFunction with, plain;
    CHECK(layer.get(app->instance, mock_names[i], &with) == XR_SUCCESS);
    CHECK(mock_get(app->instance, mock_names[i], &plain) == XR_SUCCESS);
    CHECK(with == plain || !strcmp(mock_names[i], "xrDestroyInstance"));
  }
  app->calls.DestroyInstance(app->instance);
  without->calls.DestroyInstance(without->instance);
  free(app);
  free(without);
}

static int by_size(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

/* What a frame's calls take through the layer, and of the mock alone, turn by turn: ns, a line a turn. */
static void cost(int turns) {
  enum { FRAMES = 2000 };
  static int64_t took[2][FRAMES];
  app_t *apps[2] = {new_app(0), new_app(1)};
  int turn, which, i;
  for (which = 0; which < 2; which++) {
    app_create(apps[which]);
    app_actions(apps[which]);
    app_begin(apps[which]);
  }
  for (turn = 0; turn < turns; turn++) {
    for (which = 0; which < 2; which++) {
      for (i = 0; i < FRAMES; i++) {
        int64_t begin = platform_now_ns();
        apps[which]->count = 0;
        app_frame(apps[which]);
        took[which][i] = platform_now_ns() - begin;
      }
      qsort(took[which], FRAMES, sizeof **took, by_size);
    }
    printf("%lld %lld %lld %lld\n", (long long)took[0][FRAMES / 2], (long long)took[1][FRAMES / 2],
           (long long)took[0][FRAMES * 99 / 100], (long long)took[1][FRAMES * 99 / 100]);
  }
}

#define MEMBER(type, member) \
  printf("%s.%s %lu\n", #type, #member, (unsigned long)offsetof(layer_##type##_t, member))

/* The layout as this compiler has it. */
static void members(void) {
  MEMBER(header, magic), MEMBER(header, version), MEMBER(header, header_size), MEMBER(header, frame_size);
  MEMBER(header, frame_slots), MEMBER(header, input_size), MEMBER(header, input_slots), MEMBER(header, total_size);
  MEMBER(header, pid), MEMBER(header, mode), MEMBER(header, started_ns), MEMBER(header, extensions);
  MEMBER(header, input_hz), MEMBER(header, frames), MEMBER(header, lost_frames), MEMBER(header, inputs);
  MEMBER(header, clock_offset_ns), MEMBER(header, clock_known), MEMBER(header, ended), MEMBER(header, app);
  MEMBER(header, engine), MEMBER(header, runtime);
  MEMBER(frame, seq), MEMBER(frame, number), MEMBER(frame, wait_ns), MEMBER(frame, begin_ns), MEMBER(frame, end_ns);
  MEMBER(frame, display_time), MEMBER(frame, period), MEMBER(frame, end_display_time), MEMBER(frame, layer_ns);
  MEMBER(frame, wait_result), MEMBER(frame, begin_result), MEMBER(frame, end_result), MEMBER(frame, should_render);
  MEMBER(frame, layers), MEMBER(frame, in_flight), MEMBER(frame, flags);
  MEMBER(pose, position), MEMBER(pose, orientation), MEMBER(pose, linear_velocity), MEMBER(pose, angular_velocity);
  MEMBER(pose, flags), MEMBER(joint, position), MEMBER(joint, orientation), MEMBER(joint, radius);
  MEMBER(joint, linear_velocity), MEMBER(joint, angular_velocity), MEMBER(joint, flags);
  MEMBER(hand, hand_active), MEMBER(hand, controller_active), MEMBER(hand, grip), MEMBER(hand, aim);
  MEMBER(hand, trigger), MEMBER(hand, squeeze), MEMBER(hand, stick), MEMBER(hand, trackpad), MEMBER(hand, pressed);
  MEMBER(hand, touched), MEMBER(hand, offered), MEMBER(hand, from_app), MEMBER(hand, profile), MEMBER(hand, joints);
  MEMBER(input, seq), MEMBER(input, number), MEMBER(input, capture_ns), MEMBER(input, capture_time);
  MEMBER(input, cost_ns), MEMBER(input, frames), MEMBER(input, gaze_time), MEMBER(input, flags);
  MEMBER(input, space), MEMBER(input, space_generation), MEMBER(input, session_state), MEMBER(input, sync_result);
  MEMBER(input, head), MEMBER(input, gaze), MEMBER(input, hands);
  printf("size %lu\n", (unsigned long)LAYER_TOTAL_SIZE);
}

/* The table of a profile: action, side, component. */
static void bindings(const char *profile) {
  int i, side;
  for (side = 0; side < 2; side++)
    for (i = 0; i < OWN_OF_HANDS; i++)
      if (profiles_component(profile, (enum own_action)i, side))
        printf("%s %d %s\n", profiles_action_name((enum own_action)i), side,
               profiles_component(profile, (enum own_action)i, side));
}

int main(int argc, char **argv) {
  const char *what = argc > 2 ? argv[2] : "", *more = argc > 3 ? argv[3] : NULL;
  atomic_store(&mock.failing, "");
  CHECK(argc > 2);
  load(argv[1]);
  if (!strcmp(what, "play")) {
    play(more);
  } else if (!strcmp(what, "same")) {
    same();
  } else if (!strcmp(what, "instances")) {
    instances();
  } else if (!strcmp(what, "orders")) {
    orders();
  } else if (!strcmp(what, "threads")) {
    threads();
  } else if (!strcmp(what, "leave")) {
    leave();
  } else if (!strcmp(what, "times")) {
    times();
  } else if (!strcmp(what, "periods")) {
    periods();
  } else if (!strcmp(what, "off")) {
    off();
  } else if (!strcmp(what, "cost")) {
    cost(atoi(more));
  } else if (!strcmp(what, "members")) {
    members();
  } else {
    CHECK(!strcmp(what, "bindings"));
    for (argv += 3; *argv; argv++) {
      printf("profile %s\n", *argv);
      bindings(*argv);
    }
  }
  printf("done\n");
  return 0;
}
