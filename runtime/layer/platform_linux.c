/* platform_linux.c - see platform.h: clock, lock, thread, process.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#define _GNU_SOURCE
#include "platform.h"

#include <dlfcn.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

int64_t platform_now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

uint32_t platform_pid(void) { return (uint32_t)getpid(); }

void platform_at_exit(void (*ends)(void)) { atexit(ends); }

void platform_in_copies(void (*begins)(void)) { pthread_atfork(NULL, NULL, begins); }

void *platform_hold(void (*function)(void)) {
  Dl_info about;
  void *held;
  if (!dladdr((void *)(uintptr_t)function, &about) || !about.dli_fname) return NULL;
  held = dlopen(about.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
  if (!held) dlerror(); /* none of the app's */
  return held;
}

void platform_release(void *held) {
  if (held) dlclose(held);
}

void lock_init(lock_t *lock) { pthread_mutex_init(lock, NULL); }

void lock_take(lock_t *lock) { pthread_mutex_lock(lock); }

void lock_give(lock_t *lock) { pthread_mutex_unlock(lock); }

/* The app's thread that made this one may be tied to a core, or go before all others: for its own work. */
static void be_modest(void) {
  const struct sched_param usual = {0};
  struct sched_param given;
  cpu_set_t all;
  int policy, niceness;
  memset(&all, 0xff, sizeof all);
  sched_setaffinity(0, sizeof all, &all);
  if (!pthread_getschedparam(pthread_self(), &policy, &given) && (policy == SCHED_FIFO || policy == SCHED_RR))
    pthread_setschedparam(pthread_self(), SCHED_OTHER, &usual);
  niceness = getpriority(PRIO_PROCESS, 0);
  setpriority(PRIO_PROCESS, 0, niceness < 0 ? 1 : niceness + 1);
}

static void *worker_main(void *argument) {
  worker_t *worker = argument;
  be_modest();
  pthread_setname_np(pthread_self(), "sensorium");
  worker->run(worker, worker->argument);
  return NULL;
}

int worker_start(worker_t *worker, void (*run)(worker_t *self, void *argument), void *argument) {
  /* Of what this thread itself does wrong: the app's own reporter is told, as of any other. */
  static const int own_faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT};
  pthread_condattr_t attributes;
  sigset_t others, before;
  size_t i;
  memset(worker, 0, sizeof *worker);
  worker->run = run;
  worker->argument = argument;
  if (pthread_condattr_init(&attributes)) return 0;
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_mutex_init(&worker->mutex, NULL);
  pthread_cond_init(&worker->condition, &attributes);
  pthread_condattr_destroy(&attributes);
  /* The app's signals are for its own threads. */
  sigfillset(&others);
  for (i = 0; i < sizeof own_faults / sizeof *own_faults; i++) sigdelset(&others, own_faults[i]);
  pthread_sigmask(SIG_SETMASK, &others, &before);
  worker->running = !pthread_create(&worker->thread, NULL, worker_main, worker);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return worker->running;
}

int worker_sleep_until(worker_t *worker, int64_t until_ns) {
  struct timespec until = {(time_t)(until_ns / 1000000000), (long)(until_ns % 1000000000)};
  int stop;
  pthread_mutex_lock(&worker->mutex);
  while (!worker->stop && pthread_cond_timedwait(&worker->condition, &worker->mutex, &until) != ETIMEDOUT) {
  }
  stop = worker->stop;
  pthread_mutex_unlock(&worker->mutex);
  return !stop;
}

static void tell_to_stop(worker_t *worker) {
  pthread_mutex_lock(&worker->mutex);
  worker->stop = 1;
  pthread_cond_signal(&worker->condition);
  pthread_mutex_unlock(&worker->mutex);
}

static void worker_close(worker_t *worker) {
  pthread_cond_destroy(&worker->condition);
  pthread_mutex_destroy(&worker->mutex);
  worker->running = 0;
}

void worker_stop(worker_t *worker) {
  if (!worker->running) return;
  tell_to_stop(worker);
  pthread_join(worker->thread, NULL);
  worker_close(worker);
}

int worker_stop_within(worker_t *worker, int64_t limit_ns) {
  struct timespec until;
  if (!worker->running) return 1;
  tell_to_stop(worker);
  clock_gettime(CLOCK_REALTIME, &until); /* that of pthread_timedjoin_np */
  limit_ns += until.tv_nsec;
  until.tv_sec += (time_t)(limit_ns / 1000000000);
  until.tv_nsec = (long)(limit_ns % 1000000000);
  if (pthread_timedjoin_np(worker->thread, NULL, &until)) return 0;
  worker_close(worker);
  return 1;
}
