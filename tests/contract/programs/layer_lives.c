/* layer_lives.c - see layer_lives.h. */
#ifdef _WIN32
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#else
#define _GNU_SOURCE
#include <sched.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#endif
#include "layer_lives.h"

#include <string.h>

#include "layer_mock.h"
#include "period.h"
#include "platform.h"

static void nap(int milliseconds) {
#ifdef _WIN32
  Sleep((DWORD)milliseconds);
#else
  struct timespec time = {0, milliseconds * 1000000l};
  nanosleep(&time, NULL);
#endif
}

/* Longer than there is room for, and no UTF-8. */
static const char *endless_name(void) {
  static char name[200];
  memset(name, '\xc3', sizeof name - 1);
  return name;
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
void play(const char *how) {
  app_t *app = new_app(1);
  char line[64];
  int frames = 0;
  app->eyes = how && strstr(how, "eyes");
  app->left_alone = how && strstr(how, "left");
  if (how && strstr(how, "slashes")) app->name = "AC/DC \\ the game";
  if (how && strstr(how, "endless")) app->name = endless_name();
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

/* More instances than there is room for, all alive at once; then many in a row. */
void instances(void) {
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

/* An instance that the runtime does not destroy lives on, and with it all that the app does. */
static void keep_alive(void) {
  XrSessionCreateInfo info = {.type = XR_TYPE_SESSION_CREATE_INFO};
  app_t *app = new_app(1);
  app_create(app);
  app_actions(app);
  app_begin(app);
  atomic_store(&mock.failing, "xrDestroyInstance");
  CHECK(app->calls.DestroyInstance(app->instance) == XR_ERROR_RUNTIME_FAILURE);
  atomic_store(&mock.failing, "");
  app->count = 0;
  app_frame(app);
  while (app->count > 0) CHECK(app->answers[--app->count] >= 0);
  CHECK(app->calls.CreateSession(app->instance, &info, &app->session) == XR_SUCCESS);
  app_begin(app);
  app_frame(app);
  CHECK(app->calls.DestroyInstance(app->instance) == XR_SUCCESS);
  CHECK(atomic_load(&mock.wrong) == 0 && mock_alive() == 0);
  free(app);
}

/* Things destroyed in orders in which nobody should. */
void orders(void) {
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
  keep_alive();
}

/* The display's period is the smallest that held for some frames, or a longer one that held for long. */
void periods(void) {
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

/* Display times and periods that no display has: the app is told them all the same. */
void times(void) {
  static const int64_t odd[] = {INT64_MIN, -1, 0, 1, INT32_MAX, INT64_MAX};
  enum { ODD = sizeof odd / sizeof *odd };
  app_t *app = new_app(1);
  int i;
  atomic_store(&mock.no_clock, 1);
  app_create(app);
  app_actions(app);
  app_begin(app);
  app_frame(app);
  atomic_store(&mock.told_odd, 1);
  for (i = 0; i < 2 * ODD * ODD; i++) {
    atomic_store(&mock.told_time, odd[i % ODD]);
    atomic_store(&mock.told_period, odd[i / ODD % ODD]);
    app->count = 0;
    app_frame(app);
    CHECK(app->answers[2] == XR_SUCCESS && app->answers[3] == odd[i % ODD] && app->answers[4] == odd[i / ODD % ODD]);
    if (i % ODD == 0) nap(2);
  }
  atomic_store(&mock.told_odd, 0);
  atomic_store(&mock.no_clock, 0);
  app_end(app);
  app_destroy(app);
  CHECK(atomic_load(&mock.wrong) == 0 && mock_alive() == 0);
  free(app);
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
void threads(void) {
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
void leave(void) {
  app_t *app = new_app(1);
  int calls;
#ifndef _WIN32
  atexit(unload_runtime);
#endif
  app_create(app);
  app_actions(app);
  app_begin(app);
  app_frame(app);
  unload_layer();
  nap(30);
  calls = atomic_load(&mock.calls);
  nap(30);
  printf("%s\n", atomic_load(&mock.calls) > calls ? "sampled" : "not sampled");
  free(app);
}
