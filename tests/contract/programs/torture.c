/* Reads as fast as it can and checks every word of every record; or writes such records.
 *   torture DIRECTORY CHANNEL read|next READS     one line of JSON when done
 *   torture DIRECTORY CHANNEL write               until it is killed
 * Word i of record n is n * A + i * B, so that a torn, wrong or old record cannot look right. */
#define _GNU_SOURCE 1
#include "sensorium.h"
#include <sys/resource.h>

#define A UINT64_C(0x9e3779b97f4a7c15)
#define B UINT64_C(0xc2b2ae3d27d4eb4f)
#define LEAST 1000 /* new records, however few reads they take */
#define LARGEST sizeof(sensorium_scene_t)

static uint64_t out[LARGEST / 8], scratch[LARGEST / 8 + SENSORIUM_SLOT_RECORD / 8];
static uint64_t times[2001]; /* in steps of 50 ns; the last one is everything longer */
static sensorium_t session;
static sensorium_channel_t channel;

/* How often the system took the processor away; Linux. */
static long preempted(void) {
  struct rusage use;
  getrusage(RUSAGE_THREAD, &use);
  return use.ru_nivcsw + use.ru_nvcsw;
}

static uint64_t quantile(uint64_t reads, double part) {
  uint64_t sum = 0, i;
  for (i = 0; i < 2000; i++) {
    sum += times[i];
    if ((double)sum >= part * (double)reads) break;
  }
  return (i + 1) * 50;
}

static int write_on(void) {
  uint64_t size = channel.record_size, i;
  for (;;) {
    uint64_t n = sensorium_latest(&channel) + 1, now = sensorium_now_ns();
    for (i = 0; i < size / 8; i++) out[i] = n * A + i * B;
    if (sensorium_write(&channel, out, size, now, now) != SENSORIUM_OK) return 1;
  }
}

int main(int count, char **words) {
  uint64_t reads, i, fresh = 0, stale = 0, torn = 0, backward = 0, skipped = 0, last = 0, worst = 0, size, late = 0, stalls = 0, lost = 0;
  long switches = preempted();
  int next;
  if (count < 4) return 2;
  sensorium_connect(&session, "torture", words[1]);
  if (sensorium_bind(&session, &channel, words[2]) != SENSORIUM_OK) {
    puts(session.message);
    return 1;
  }
  if (!strcmp(words[3], "write")) return write_on();
  next = !strcmp(words[3], "next");
  reads = count > 4 ? strtoull(words[4], NULL, 10) : 0;
  size = channel.record_size;
  if (next) sensorium_seek_newest(&channel);
  last = next ? channel.cursor - 1 : 0;
  for (i = 0; i < reads || fresh < LEAST; i++) {
    uint64_t before = sensorium_now_ns(), took, k;
    sensorium_status status = next ? sensorium_next(&channel, out, (uint8_t *)scratch, size, before)
                                   : sensorium_read(&channel, out, (uint8_t *)scratch, size, before);
    took = sensorium_now_ns() - before;
    times[took / 50 < 2000 ? took / 50 : 2000]++;
    if (took > worst) worst = took;
    if (took > 1000000) { /* a stall, unless the system ran something else meanwhile */
      long now_switches = preempted();
      late++;
      stalls += now_switches == switches;
      switches = now_switches;
    }
    stale += status == SENSORIUM_STALE;
    if (status != SENSORIUM_NEW && !(status == SENSORIUM_STALE && channel.info.n > last)) continue;
    fresh++;
    backward += channel.info.n <= last;
    if (next) skipped += channel.info.n - last - 1 != channel.lost - lost;
    lost = channel.lost;
    last = channel.info.n;
    for (k = 0; k < size / 8; k++)
      if (out[k] != last * A + k * B) {
        torn++;
        break;
      }
  }
  printf("{\"reads\": %llu, \"new\": %llu, \"stale\": %llu, \"torn\": %llu, \"backward\": %llu, \"unaccounted\": %llu, "
         "\"lost\": %llu, \"last\": %llu, \"p50_ns\": %llu, \"p99_ns\": %llu, \"p999_ns\": %llu, \"max_ns\": %llu, "
         "\"over_1ms\": %llu, \"stalls\": %llu}\n",
         (unsigned long long)i, (unsigned long long)fresh, (unsigned long long)stale, (unsigned long long)torn,
         (unsigned long long)backward, (unsigned long long)skipped, (unsigned long long)channel.lost,
         (unsigned long long)last, (unsigned long long)quantile(i, 0.5), (unsigned long long)quantile(i, 0.99),
         (unsigned long long)quantile(i, 0.999), (unsigned long long)worst, (unsigned long long)late, (unsigned long long)stalls);
  return 0;
}
