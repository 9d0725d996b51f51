/* A renderer whose frames cost what they are told to, on a display of its own: for frames.py.
 *
 *   renderer FILE HZ SHARE THREADS
 *
 * A frame begins at a refresh of the display and has until the next one to be submitted. What comes
 * later is shown at the refresh after it; the refreshes in between show the old frame, and are
 * missed. The next frame begins where this one is shown, as behind xrWaitFrame. Each of THREADS has
 * the same fixed work to do in a frame, SHARE of its time on an idle PC, beside the others: what another
 * process takes of the processor, its caches or its memory makes the frame longer.
 *
 * Beside each frame stands how long its threads waited for a processor since the frame before: what the
 * system tells of it (schedstat), the longest of any thread.
 *
 * Its frames are told to a daemon, whether there is one or not. It says "ready", takes lines
 * "share X" and, at the end of its standard input, writes its frames to FILE. */
#include "sensorium.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define MOST_FRAMES (1u << 21)
#define MOST_THREADS 64
#define FLOATS 65536 /* of each thread: what lies in a core's second cache */
#define A_UNIT 1024
#define TRIES 15
#define TRY_UNITS 20000
#define LOOK_AGAIN_NS 500000000u

typedef struct frame {
  uint64_t begin_ns, submit_ns, due_ns;
  int64_t waited_ns; /* -1: the system does not tell */
  uint32_t missed, share_ppm;
} frame_t;

typedef struct worker {
  pthread_t thread;
  float *values;
  uint64_t units;
  int schedstat;
  int64_t so_far_ns, waited_ns; /* since it began; since the frame before */
} worker_t;

static atomic_uint share_ppm, ended, finished; /* of the input; of the workers */
static pthread_barrier_t begins, ends;
static worker_t workers[MOST_THREADS];
static frame_t *frames;
static uint32_t frame_count;
static double units_a_ns;
static sensorium_t session;
static sensorium_channel_t to_frames;
static sensorium_frame_timing_t timing;

static void work(worker_t *w, uint64_t units) {
  uint64_t unit;
  uint32_t i;
  for (unit = 0; unit < units; unit++) {
    float *at = w->values + unit * A_UNIT % FLOATS;
    for (i = 0; i < A_UNIT; i++) at[i] = at[i] * 0.999f + 0.5f;
    /* Or the compiler would join the passes. */
    __asm__ volatile("" : : "r"(at) : "memory");
  }
}

static uint64_t of_this_thread_ns(void) {
  struct timespec used;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return (uint64_t)used.tv_sec * 1000000000u + (uint64_t)used.tv_nsec;
}

static int compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void open_waits(worker_t *w) {
  w->schedstat = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
}

static void read_waits(worker_t *w) {
  char text[96];
  unsigned long long ran, waited;
  ssize_t length = w->schedstat < 0 ? -1 : pread(w->schedstat, text, sizeof text - 1, 0);
  w->waited_ns = -1;
  if (length <= 0) return;
  text[length] = 0;
  if (sscanf(text, "%llu %llu", &ran, &waited) != 2) return;
  w->waited_ns = (int64_t)waited - w->so_far_ns;
  w->so_far_ns = (int64_t)waited;
}

static void *run(void *given) {
  worker_t *w = given;
  open_waits(w);
  for (;;) {
    pthread_barrier_wait(&begins);
    if (atomic_load(&finished)) return NULL;
    work(w, w->units);
    read_waits(w);
    pthread_barrier_wait(&ends);
  }
}

/* Units of work a nanosecond of a core: the median of some tries, by the time that this thread ran while
 * all others worked, too: cores may share what they work with. */
static double speed(uint32_t threads) {
  double tries[TRIES];
  uint64_t begun;
  uint32_t i, k;
  for (k = 0; k < TRIES; k++) {
    for (i = 0; i < threads; i++) workers[i].units = TRY_UNITS;
    if (threads > 1) pthread_barrier_wait(&begins);
    begun = of_this_thread_ns();
    work(&workers[0], TRY_UNITS);
    tries[k] = TRY_UNITS / (double)(of_this_thread_ns() - begun);
    if (threads > 1) pthread_barrier_wait(&ends);
  }
  qsort(tries, TRIES, sizeof tries[0], compare);
  return tries[TRIES / 2];
}

static void *listen_to(void *unused) {
  char line[64];
  double share;
  while (fgets(line, sizeof line, stdin))
    if (sscanf(line, "share %lf", &share) == 1 && share >= 0 && share <= 4)
      atomic_store(&share_ppm, (unsigned)(share * 1e6));
  atomic_store(&ended, 1);
  return unused;
}

static void sleep_until(uint64_t ns) {
  const struct timespec until = {(time_t)(ns / 1000000000u), (long)(ns % 1000000000u)};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL)) {
  }
}

/* Draws the frame of refresh `k`, which came at `refresh_ns`; the refresh at which it is shown. */
static uint64_t draw(uint64_t first_ns, uint64_t k, uint64_t period_ns, uint32_t threads) {
  frame_t *frame = &frames[frame_count++];
  uint32_t i;
  uint64_t shown = k + 1;
  frame->share_ppm = atomic_load(&share_ppm);
  frame->begin_ns = sensorium_now_ns();
  frame->due_ns = first_ns + shown * period_ns;
  sensorium_frame_begin(&session, &timing, frame->begin_ns);
  for (i = 0; i < threads; i++)
    workers[i].units = (uint64_t)(units_a_ns * (double)period_ns * frame->share_ppm / 1e6);
  if (threads > 1) pthread_barrier_wait(&begins);
  work(&workers[0], workers[0].units);
  read_waits(&workers[0]);
  if (threads > 1) pthread_barrier_wait(&ends);
  frame->submit_ns = sensorium_now_ns();
  for (i = 0; i < threads; i++)
    if (i == 0 || workers[i].waited_ns > frame->waited_ns) frame->waited_ns = workers[i].waited_ns;
  if (frame->submit_ns > frame->due_ns) shown = (frame->submit_ns - first_ns + period_ns - 1) / period_ns;
  frame->missed = (uint32_t)(shown - k - 1);
  timing.display_ns = frame->due_ns;
  timing.period_ns = period_ns;
  timing.cpu_ns = frame->submit_ns - frame->begin_ns;
  sensorium_frame_end(&to_frames, &timing, frame->submit_ns);
  return shown;
}

int main(int count, char **words) {
  uint64_t first_ns, period_ns, looked_ns = 0, k = 0;
  uint32_t threads, i;
  pthread_t listener;
  FILE *file;
  if (count != 5) return 2;
  period_ns = (uint64_t)(1e9 / atof(words[2]));
  atomic_store(&share_ppm, (unsigned)(atof(words[3]) * 1e6));
  threads = (uint32_t)atoi(words[4]);
  if (!threads || threads > MOST_THREADS) return 2;
  frames = calloc(MOST_FRAMES, sizeof *frames);
  for (i = 0; i < threads; i++) workers[i].values = calloc(FLOATS, sizeof(float));
  if (!frames || !workers[threads - 1].values) return 1;
  prctl(PR_SET_TIMERSLACK, 1000);
  pthread_barrier_init(&begins, NULL, threads);
  pthread_barrier_init(&ends, NULL, threads);
  for (i = 1; i < threads; i++) pthread_create(&workers[i].thread, NULL, run, &workers[i]);
  open_waits(&workers[0]);
  units_a_ns = speed(threads);
  sensorium_connect(&session, "frame-benchmark", NULL);
  sensorium_bind(&session, &to_frames, "frame_timing");
  puts("ready");
  fflush(stdout);
  pthread_create(&listener, NULL, listen_to, NULL);
  first_ns = sensorium_now_ns() + period_ns;
  while (!atomic_load(&ended) && frame_count < MOST_FRAMES) {
    sleep_until(first_ns + k * period_ns);
    k = draw(first_ns, k, period_ns, threads);
    if (frames[frame_count - 1].submit_ns - looked_ns < LOOK_AGAIN_NS) continue;
    looked_ns = frames[frame_count - 1].submit_ns;
    if (!sensorium_ended(&session, looked_ns)) continue;
    if (sensorium_reconnect(&session) == SENSORIUM_OK && !to_frames.base)
      sensorium_bind(&session, &to_frames, "frame_timing");
  }
  atomic_store(&finished, 1);
  if (threads > 1) pthread_barrier_wait(&begins);
  for (i = 1; i < threads; i++) pthread_join(workers[i].thread, NULL);
  file = fopen(words[1], "wb");
  if (!file || fwrite(frames, sizeof *frames, frame_count, file) != frame_count || fclose(file)) return 1;
  sensorium_close(&session);
  return 0;
}
