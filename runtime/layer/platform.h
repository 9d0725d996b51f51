/* platform.h - what Linux and Windows do each in its own way: clock, lock, thread, files.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LAYER_PLATFORM_H
#define LAYER_PLATFORM_H

#include <stddef.h>
#include <stdint.h>

#ifdef _WIN32
/* Without windows.h, which only platform_windows.c needs: handles are pointers there, as in an SRWLOCK. */
typedef struct lock {
  void *pointer;
} lock_t;
#define LOCK_INITIAL {0}
#else
#include <pthread.h>
typedef pthread_mutex_t lock_t;
#define LOCK_INITIAL PTHREAD_MUTEX_INITIALIZER
#endif

#define PLATFORM_PATH_MAX 1024

/* The system's monotonic clock, ns; the same that the daemon's clock is. */
int64_t platform_now_ns(void);

#ifdef _WIN32
/* The same moment, and the counter that it was made of. */
int64_t platform_now(int64_t *counter);
#endif

uint32_t platform_pid(void);

/* `ends` is called when the process ends by exit, before what is there now is taken down. Windows ends all threads
 * before it takes anything down: there nothing is called. */
void platform_at_exit(void (*ends)(void));

/* `begins` is called in each copy of this process that fork makes, where none of our threads runs. */
void platform_in_copies(void (*begins)(void));

/* Keeps the library that a function lies in from being unloaded, for `platform_release`; NULL: it could not be. */
void *platform_hold(void (*function)(void));
void platform_release(void *held);

void lock_init(lock_t *lock);
void lock_take(lock_t *lock);
void lock_give(lock_t *lock);

/* A thread that can be told to stop, and is waited for. All zero: none runs. */
typedef struct worker {
  void (*run)(struct worker *self, void *argument);
  void *argument;
  int running;
#ifdef _WIN32
  void *thread, *stop, *timer;
#else
  pthread_t thread;
  pthread_mutex_t mutex;
  pthread_cond_t condition;
  int stop;
#endif
} worker_t;

/* Starts `run`; 0 when the system refuses. */
int worker_start(worker_t *worker, void (*run)(worker_t *self, void *argument), void *argument);

/* Of the thread itself: sleeps until that time, or until it is told to stop; 0: it must stop. */
int worker_sleep_until(worker_t *worker, int64_t until_ns);

/* Tells the thread to stop and returns when it has ended. Nothing where none runs. */
void worker_stop(worker_t *worker);

/* The same, but waits no longer than that; 0: it runs still. */
int worker_stop_within(worker_t *worker, int64_t limit_ns);

/* Zeroed memory that the daemon sees, too: a new file in its folder. All zero: none. */
typedef struct shared_file {
  void *memory;
  size_t size;
#ifdef _WIN32
  void *file, *section;
  wchar_t path[PLATFORM_PATH_MAX];
#else
  int folder, file;
  char name[64];
#endif
} shared_file_t;

enum shared_file_result { SHARED_FILE_NONE, SHARED_FILE_MADE, SHARED_FILE_TAKEN };

/* Makes PID-SERIAL of `size` bytes in the folder `layer` of the daemon's runtime folder.
 *
 * None: there is no such folder, or it is not this user's alone, or there is no room. Taken: there is a file
 * of that name, of a process that had the same number, or has it in another container. */
enum shared_file_result shared_file_create(shared_file_t *shared, uint32_t serial, size_t size);

/* Unmaps and deletes it. Nothing where there is none. */
void shared_file_remove(shared_file_t *shared);

/* In a copy of the process: lets go of it, which stays the other's. */
void shared_file_forget(shared_file_t *shared);

/* The text of the list of allowed apps, closed by NUL; 0: none that this user may be held to. */
int platform_read_allowed(char *text, size_t size);

/* The running program's path, UTF-8; 0: not known. */
int platform_program(char *path, size_t size);

#endif
