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
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layer_app.h"
#include "layer_mock.h"
#include "layout.h"
#include "period.h"
#include "platform.h"
#include "profiles.h"

#define CHECK(what)                                                 \
  do {                                                              \
    if (!(what)) {                                                  \
      printf("FAILED %s:%d: %s\n", __FILE__, __LINE__, #what);      \
      exit(1);                                                      \
    }                                                               \
  } while (0)

typedef XrResult(XRAPI_PTR *negotiate_t)(
    const negotiation_loader_info_t *, const char *, negotiation_layer_request_t *);

static negotiation_layer_request_t layer = {
    .kind = NEGOTIATION_LAYER_REQUEST, .version = 1, .size = sizeof layer};

static void *library; /* as the loader has it */

static app_t *new_app(int through_layer) {
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

static void nap(int milliseconds) {
#ifdef _WIN32
  Sleep((DWORD)milliseconds);
#else
  struct timespec time = {0, milliseconds * 1000000l};
  nanosleep(&time, NULL);
#endif
}

/* Another process had this one's number, or has it in another container: its file is there. */
static void take_name(void) {
  char path[1024];
  FILE *file;
  snprintf(path, sizeof path, "%s/layer/%lu-1", getenv("SENSORIUM_RUNTIME_DIR"), (unsigned long)platform_pid());
  file = fopen(path, "w");
  CHECK(file);
  fclose(file);
}

#ifndef _WIN32
/* Tied to one core and before all others, as far as that is allowed. */
static void pin(void) {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET((size_t)sched_getcpu(), &one);
  CHECK(!sched_setaffinity(0, sizeof one, &one));
  setpriority(PRIO_PROCESS, 0, -5);
}

/* A copy of this process, such as a crash reporter, that outlives it. */
static void leave_copy(void) {
  char byte;
  if (fork()) return;
  while (read(0, &byte, 1) > 0) {
  }
  _exit(0);
}
#endif

/* Lives until it is told to `end` on its standard input; there are told, too: a number of frames, how an odd
 * frame is made, or what the runtime does from now on. */
static void play(const char *how) {
  app_t *app = new_app(1);
  char line[64];
  int frames = 0;
  app->eyes = how && strstr(how, "eyes");
  app->left_alone = how && strstr(how, "left");
  if (how && strstr(how, "no-hands")) atomic_store(&mock.no_hands, 1);
  if (how && strstr(how, "no-clock")) atomic_store(&mock.no_clock, 1);
  if (how && strstr(how, "silent")) atomic_store(&mock.silent_own, 1);
  if (how && strstr(how, "bindings")) atomic_store(&mock.refuse_bindings, 1);
  if (how && strstr(how, "attach")) atomic_store(&mock.refuse_attach, 1);
  if (how && strstr(how, "sync")) atomic_store(&mock.refuse_sync, 1);
  if (how && strstr(how, "taken")) take_name();
#ifndef _WIN32
  if (how && strstr(how, "pinned")) pin();
#endif
  app_create(app);
  app_actions(app);
  app_begin(app);
#ifndef _WIN32
  if (how && strstr(how, "copied")) leave_copy();
#endif
  printf("ready\n");
  fflush(stdout);
  while (fgets(line, sizeof line, stdin) && strncmp(line, "end", 3) != 0) {
    int i, more = atoi(line);
    line[strcspn(line, "\r\n")] = '\0';
    if (!strcmp(line, "clock")) {
      atomic_store(&mock.ahead_ns, -1000000000);
    } else if (!strcmp(line, "lost")) {
      atomic_store(&mock.lost, 1);
    } else if (!strcmp(line, "events")) {
      atomic_store(&mock.state, XR_SESSION_STATE_FOCUSED);
      atomic_store(&mock.stage_moves, 1);
    } else if (!more) {
      app_odd_frame(app, line);
    }
    for (i = 0; i < more; i++) app_frame(app);
    frames += more;
    printf("frames %d bindings %d wrong %d own %d %d %d\n", frames, atomic_load(&mock.bindings),
           atomic_load(&mock.wrong), atomic_load(&mock.own_left), atomic_load(&mock.own_right),
           atomic_load(&mock.own_eyes));
    fflush(stdout);
  }
  app_end(app);
  app_destroy(app);
  CHECK(mock_alive() == 0 && atomic_load(&mock.wrong) == 0);
  free(app);
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

/* More instances than there is room for, all alive at once; then many in a row. */
static void instances(void) {
  enum { MANY = 300 };
  static app_t *apps[MANY];
  int i;
  for (i = 0; i < MANY; i++) {
    apps[i] = new_app(1);
    app_create(apps[i]);
    CHECK(apps[i]->instance != XR_NULL_HANDLE && apps[i]->session != XR_NULL_HANDLE);
    if (i % 50 == 0) {
      app_actions(apps[i]);
      app_begin(apps[i]);
    }
    app_frame(apps[i]);
  }
  for (i = MANY - 1; i >= 0; i--) {
    if (i % 3) apps[i]->calls.DestroySession(apps[i]->session);
    CHECK(apps[i]->calls.DestroyInstance(apps[i]->instance) == XR_SUCCESS);
    free(apps[i]);
  }
  CHECK(mock_alive() == 0);
  for (i = 0; i < 100; i++) {
    app_t *app = new_app(1);
    mock_reset();
    app_live(app, 1);
    free(app);
  }
  CHECK(atomic_load(&mock.wrong) == 0 && mock_alive() == 0);
}

/* Things destroyed in orders in which nobody should. */
static void orders(void) {
  XrSessionCreateInfo info = {.type = XR_TYPE_SESSION_CREATE_INFO};
  XrSession second = XR_NULL_HANDLE, mine;
  app_t *app = new_app(1);
  int i;
  app_create(app);
  app_actions(app);
  app_begin(app);
  CHECK(app->calls.CreateSession(app->instance, &info, &second) == XR_SUCCESS);
  mine = app->session;
  for (i = 0; i < 4; i++) {
    app->session = i % 2 ? mine : second;
    if (i < 2) app_begin(app);
    app_frame(app);
    nap(5);
  }
  CHECK(app->calls.DestroyAction(app->pose) == XR_SUCCESS);
  nap(30);
  CHECK(app->calls.DestroyActionSet(app->set) == XR_SUCCESS);
  nap(30);
  CHECK(atomic_load(&mock.wrong) == 0);
  CHECK(app->calls.DestroySession(second) == XR_SUCCESS);
  CHECK(app->calls.DestroySession(second) == XR_ERROR_HANDLE_INVALID);
  CHECK(app->calls.EndSession(second) == XR_ERROR_HANDLE_INVALID);
  atomic_store(&mock.wrong, 0);
  CHECK(app->calls.DestroyInstance(app->instance) == XR_SUCCESS);
  nap(30);
  CHECK(atomic_load(&mock.wrong) == 0 && mock_alive() == 0);
  free(app);
}

/* The display's period is the smallest that held for some frames, or a longer one that held for long. */
static void periods(void) {
  static const struct {
    int frames;
    int64_t told, known;
  } steps[] = {{2, 8000000, 0}, {1, 8000100, 8000100}, {1, 900000, 8000100}, {9, 16000000, 8000100},
               {2, 900000, 8000100}, {1, 4000000, 8000100}, {1, 4000000, 8000100}, {1, 4000000, 4000000},
               {14000, 4100000, 4000000}, {1000, 4100000, 4100000}};
  period_t period;
  int64_t time = 0;
  size_t i;
  int k;
  memset(&period, 0, sizeof period);
  for (i = 0; i < sizeof steps / sizeof *steps; i++) {
    for (k = 0; k < steps[i].frames; k++) period_learn(&period, time += steps[i].told, steps[i].told);
    CHECK(atomic_load(&period.ns) == steps[i].known);
  }
}

static void keep_waiting(worker_t *self, void *argument) {
  app_t *app = argument;
  XrFrameState state = {.type = XR_TYPE_FRAME_STATE};
  while (worker_sleep_until(self, platform_now_ns() + 200000)) app->calls.WaitFrame(app->session, NULL, &state);
}

static void keep_acting(worker_t *self, void *argument) {
  app_t *app = argument;
  while (worker_sleep_until(self, platform_now_ns() + 500000)) {
    XrActionSetCreateInfo set = {.type = XR_TYPE_ACTION_SET_CREATE_INFO, .actionSetName = "more"};
    XrActionCreateInfo action = {
        .type = XR_TYPE_ACTION_CREATE_INFO, .actionName = "more", .actionType = XR_ACTION_TYPE_FLOAT_INPUT};
    XrActionSet new_set;
    XrAction new_action;
    CHECK(app->calls.CreateActionSet(app->instance, &set, &new_set) == XR_SUCCESS);
    CHECK(app->calls.CreateAction(new_set, &action, &new_action) == XR_SUCCESS);
    CHECK(app->calls.DestroyAction(new_action) == XR_SUCCESS);
    CHECK(app->calls.DestroyActionSet(new_set) == XR_SUCCESS);
  }
}

/* Frames on two threads and actions on a third, while the layer's own samples. */
static void threads(void) {
  app_t *app = new_app(1);
  worker_t waiting, acting;
  int i;
  app_create(app);
  app_actions(app);
  app_begin(app);
  CHECK(worker_start(&waiting, keep_waiting, app) && worker_start(&acting, keep_acting, app));
  for (i = 0; i < 200; i++) {
    app_frame(app);
    nap(1);
  }
  worker_stop(&waiting);
  worker_stop(&acting);
  app_end(app);
  app_begin(app);
  app_destroy(app);
  CHECK(atomic_load(&mock.wrong) == 0 && mock_alive() == 0);
  free(app);
}

#ifndef _WIN32
static void unload_runtime(void) { atomic_store(&mock.gone, 1); }
#endif

/* Unloads OpenXR and leaves, with the session under way; what takes the runtime down was there before. Windows
 * ends all threads first. */
static void leave(void) {
  app_t *app = new_app(1);
  int calls;
#ifndef _WIN32
  atexit(unload_runtime);
#endif
  app_create(app);
  app_actions(app);
  app_begin(app);
  app_frame(app);
#ifdef _WIN32
  FreeLibrary(library);
#else
  dlclose(library);
#endif
  nap(30);
  calls = atomic_load(&mock.calls);
  nap(30);
  printf("%s\n", atomic_load(&mock.calls) > calls ? "sampled" : "not sampled");
  free(app);
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
