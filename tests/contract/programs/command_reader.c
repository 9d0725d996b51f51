/* An app in C that says each command that it is told: app. */
#include "sensorium.h"

int main(int argc, char **argv) {
  static sensorium_t session;
  static sensorium_channel_t commands;
  static sensorium_command_t command;
  if (argc < 2) return 2;
  sensorium_connect(&session, argv[1], NULL);
  if (sensorium_bind(&session, &commands, "command") != SENSORIUM_OK) return 1;
  sensorium_seek_newest(&commands);
  puts("ready");
  fflush(stdout);
  for (int frame = 0; frame < 2000; frame++) {
    while (sensorium_next_command(&commands, &command, sensorium_now_ns()) == SENSORIUM_NEW) {
      printf("%s", command.name);
      for (uint32_t i = 0; i < command.slot_count && i < SENSORIUM_COMMAND_SLOTS; i++)
        printf(" %s=%s", command.slots[i].name, command.slots[i].value);
      printf(" %u\n", command.gate);
      fflush(stdout);
      while (getchar() != EOF) continue;
      sensorium_close(&session);
      return 0;
    }
    sensorium_nap(10);
  }
  return 3;
}
