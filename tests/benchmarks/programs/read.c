/* Times reads with the processor's own counter, alone and 16 at a time (its steps are as long as a
 * read); prints name, how many at a time, bytes and the quantiles in ns.
 *   read DIRECTORY COUNT */
#include "sensorium.h"
#include <x86intrin.h>

#define SIZE 512

static uint8_t out[8192], scratch[8192 + SENSORIUM_SLOT_RECORD], source[8192];
static uint64_t *ticks;
static double ns_per_tick;

static uint64_t tick(void) {
  uint64_t now;
  _mm_lfence();
  now = __rdtsc();
  _mm_lfence();
  return now;
}

static int ascending(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

static void show(const char *name, size_t size, size_t count, size_t batch) {
  double scale = ns_per_tick / (double)batch;
  qsort(ticks, count, sizeof *ticks, ascending);
  printf("%s|%zu|%zu|%.1f|%.1f|%.1f|%.1f\n", name, batch, size, (double)ticks[count / 2] * scale,
         (double)ticks[count - 1 - count / 100] * scale, (double)ticks[count - 1 - count / 1000] * scale,
         (double)ticks[count - 1] * scale);
}

#define TIMED(name, size, batch, action)             \
  do {                                               \
    size_t i, k;                                     \
    for (i = 0; i < count / batch; i++) {            \
      uint64_t start = tick();                       \
      for (k = 0; k < batch; k++) {                  \
        action;                                      \
        __asm__ volatile("" ::"r"(out) : "memory");  \
      }                                              \
      ticks[i] = tick() - start;                     \
    }                                                \
    show(name, size, count / batch, batch);          \
  } while (0)
#define BOTH(name, size, action)   \
  TIMED(name, size, 16u, action);  \
  TIMED(name, size, 1u, action)

int main(int words, char **word) {
  static sensorium_t session;
  static sensorium_channel_t hand, gesture, audio;
  static sensorium_gesture_t value;
  static sensorium_audio_t sound;
  size_t count = words > 2 ? (size_t)strtoull(word[2], NULL, 10) : 0;
  uint64_t began = sensorium_now_ns(), first = tick(), now;
  ticks = (uint64_t *)malloc((count + 1) * sizeof *ticks);
  sensorium_connect(&session, "benchmark", word[1]);
  if (!ticks || sensorium_bind(&session, &hand, "hand_left") != SENSORIUM_OK ||
      sensorium_bind(&session, &gesture, "gesture_left") != SENSORIUM_OK ||
      sensorium_bind(&session, &audio, "audio") != SENSORIUM_OK) {
    puts(session.message);
    return 1;
  }
  sensorium_nap(200);
  now = sensorium_now_ns();
  ns_per_tick = (double)(now - began) / (double)(tick() - first);
  sensorium_read(&hand, out, scratch, SIZE, now);
  sensorium_read_gesture(&gesture, &value, now);
  BOTH("timer", (size_t)0, (void)0);
  BOTH("memcpy", (size_t)SIZE, memcpy(out, source, SIZE));
  BOTH("read", (size_t)SIZE, (hand.n = 0, sensorium_read(&hand, out, scratch, SIZE, now)));
  BOTH("unchanged poll", (size_t)SIZE, sensorium_read(&hand, out, scratch, SIZE, now));
  BOTH("read gesture", sizeof value, (gesture.n = 0, sensorium_read_gesture(&gesture, &value, now)));
  BOTH("read audio", sizeof sound, (audio.n = 0, sensorium_read_audio(&audio, &sound, now)));
  BOTH("clock", (size_t)0, (void)sensorium_now_ns());
  sensorium_close(&session);
  free(ticks);
  return 0;
}
