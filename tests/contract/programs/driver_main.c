/* One command a line on stdin, one answer a line on stdout; driver.py and Driver.cs do the same. */
#include "driver.h"

static sensorium_t session;
static channels_t all;
static sensorium_frame_timing_t timing;

static void said(sensorium_status status) { printf("%s %s|%s\n", word(status), session.message, session.remedy); }

static void taken(sensorium_channel_t *channel, int next, uint64_t now_ns) {
  double value = 0;
  sensorium_status status = take(&all, channel, next, now_ns, &value);
  printf("%s %llu %s %g\n", word(status), (unsigned long long)channel->info.n,
         sensorium_reason_name(channel->info.reason), value);
}

static void waited(char *rest) {
  sensorium_channel_t *waiting[16];
  sensorium_status ignored;
  uint32_t count = 0;
  uint64_t timeout = strtoull(strtok(rest, " "), NULL, 10) * 1000000u;
  char *name;
  while ((name = strtok(NULL, " ")) && count < 16) waiting[count++] = find(&all, &session, name, &ignored);
  puts(word(sensorium_wait(waiting, count, timeout)));
}

int main(void) {
  char line[1024];
  sensorium_status status = SENSORIUM_OK;
  while (fgets(line, sizeof line, stdin)) {
    char *verb = strtok(line, " \r\n"), *name = strtok(NULL, "\r\n");
    sensorium_channel_t *channel = NULL;
    uint64_t now_ns = sensorium_now_ns();
    if (!verb) continue;
    if (!strcmp(verb, "connect")) said(sensorium_connect(&session, name, NULL));
    else if (!strcmp(verb, "reconnect")) said(sensorium_reconnect(&session));
    else if (!strcmp(verb, "open")) said(sensorium_open(&session, name));
    else if (!strcmp(verb, "ended")) printf("%d\n", sensorium_ended(&session, now_ns));
    else if (!strcmp(verb, "wait")) waited(name);
    else if (!strcmp(verb, "close")) sensorium_close(&session), puts("OK");
    else {
      uint32_t known = all.count;
      channel = find(&all, &session, name, &status);
      if (!strcmp(verb, "bind")) said(known == all.count ? channel->status : status);
      else if (!strcmp(verb, "read")) taken(channel, 0, now_ns);
      else if (!strcmp(verb, "later")) taken(channel, 0, now_ns + 500000000u);
      else if (!strcmp(verb, "next")) taken(channel, 1, now_ns);
      else if (!strcmp(verb, "oldest")) sensorium_seek_oldest(channel), puts("OK");
      else if (!strcmp(verb, "newest")) sensorium_seek_newest(channel), puts("OK");
      else if (!strcmp(verb, "lost")) printf("%llu %llu\n", (unsigned long long)channel->lost, (unsigned long long)channel->resets);
      else if (!strcmp(verb, "age")) printf("%lld %u\n", (long long)channel->info.age_ns, channel->info.foreign_clock);
      else if (!strcmp(verb, "explain")) {
        char text[400];
        puts(sensorium_explain(channel, text, sizeof text));
      } else if (!strcmp(verb, "frame")) {
        timing.period_ns = 11111111;
        sensorium_frame_begin(&session, &timing, now_ns);
        puts(word(sensorium_frame_end(channel, &timing, sensorium_now_ns())));
      } else puts("what?");
    }
    fflush(stdout);
  }
  sensorium_close(&session);
  return 0;
}
