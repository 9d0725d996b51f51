/* platform_windows.c - see platform.h. Nothing but kernel32 is used.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#define WIN32_LEAN_AND_MEAN
#include "platform.h"

#include <string.h>
#include <wchar.h>
#include <windows.h>

#ifndef CREATE_WAITABLE_TIMER_HIGH_RESOLUTION
#define CREATE_WAITABLE_TIMER_HIGH_RESOLUTION 2
#endif

_Static_assert(sizeof(lock_t) == sizeof(SRWLOCK), "an SRWLOCK is one pointer");

int64_t platform_now(int64_t *counter) {
  LARGE_INTEGER frequency, now;
  QueryPerformanceFrequency(&frequency);
  QueryPerformanceCounter(&now);
  *counter = now.QuadPart;
  return now.QuadPart / frequency.QuadPart * 1000000000 +
         now.QuadPart % frequency.QuadPart * 1000000000 / frequency.QuadPart;
}

int64_t platform_now_ns(void) {
  int64_t counter;
  return platform_now(&counter);
}

uint32_t platform_pid(void) { return GetCurrentProcessId(); }

void platform_at_exit(void (*ends)(void)) { (void)ends; }

void platform_in_copies(void (*begins)(void)) { (void)begins; }

void *platform_hold(void (*function)(void)) {
  HMODULE held;
  const wchar_t *inside = (const wchar_t *)(uintptr_t)function;
  return GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, inside, &held) ? held : NULL;
}

void platform_release(void *held) {
  if (held) FreeLibrary(held);
}

void lock_init(lock_t *lock) { InitializeSRWLock((SRWLOCK *)lock); }

void lock_take(lock_t *lock) { AcquireSRWLockExclusive((SRWLOCK *)lock); }

void lock_give(lock_t *lock) { ReleaseSRWLockExclusive((SRWLOCK *)lock); }

static DWORD WINAPI worker_main(void *argument) {
  worker_t *worker = argument;
  worker->run(worker, worker->argument);
  return 0;
}

static void worker_close(worker_t *worker) {
  if (worker->stop) CloseHandle(worker->stop);
  if (worker->timer) CloseHandle(worker->timer);
  worker->stop = worker->timer = NULL;
}

int worker_start(worker_t *worker, void (*run)(worker_t *self, void *argument), void *argument) {
  memset(worker, 0, sizeof *worker);
  worker->run = run;
  worker->argument = argument;
  worker->stop = CreateEventW(NULL, TRUE, FALSE, NULL);
  /* Windows before 10.1803 knows no fine timer: there the thread wakes at its clock's ticks. */
  worker->timer = CreateWaitableTimerExW(NULL, NULL, CREATE_WAITABLE_TIMER_HIGH_RESOLUTION, TIMER_ALL_ACCESS);
  if (!worker->timer) worker->timer = CreateWaitableTimerExW(NULL, NULL, 0, TIMER_ALL_ACCESS);
  if (worker->stop && worker->timer) worker->thread = CreateThread(NULL, 0, worker_main, worker, 0, NULL);
  worker->running = worker->thread != NULL;
  if (!worker->running) worker_close(worker);
  return worker->running;
}

int worker_sleep_until(worker_t *worker, int64_t until_ns) {
  HANDLE either[2] = {worker->stop, worker->timer};
  int64_t left_ns = until_ns - platform_now_ns();
  LARGE_INTEGER due;
  due.QuadPart = left_ns > 100 ? -(left_ns / 100) : -1;
  if (!SetWaitableTimer(worker->timer, &due, 0, NULL, NULL, FALSE))
    return WaitForSingleObject(worker->stop, 10) == WAIT_TIMEOUT;
  return WaitForMultipleObjects(2, either, FALSE, INFINITE) != WAIT_OBJECT_0;
}

static int stop_within(worker_t *worker, DWORD limit_ms) {
  if (!worker->running) return 1;
  SetEvent(worker->stop);
  if (WaitForSingleObject(worker->thread, limit_ms) != WAIT_OBJECT_0) return 0;
  CloseHandle(worker->thread);
  worker_close(worker);
  worker->running = 0;
  return 1;
}

void worker_stop(worker_t *worker) { stop_within(worker, INFINITE); }

int worker_stop_within(worker_t *worker, int64_t limit_ns) { return stop_within(worker, (DWORD)(limit_ns / 1000000)); }

/* The value of a variable, and behind it `more`; 0: it is not set, or there is no room. */
static int path_below(wchar_t *path, size_t size, const wchar_t *variable, const wchar_t *more) {
  DWORD length = GetEnvironmentVariableW(variable, path, (DWORD)size);
  if (!length || length + wcslen(more) >= size) return 0;
  wcscpy(path + length, more);
  return 1;
}

static int map_new_file(shared_file_t *shared, size_t size) {
  OVERLAPPED beyond;
  memset(&beyond, 0, sizeof beyond);
  beyond.Offset = 0x7fffffff; /* the lock says that this process lives; it covers no data */
  if (!LockFileEx(shared->file, LOCKFILE_EXCLUSIVE_LOCK | LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &beyond)) return 0;
  shared->section = CreateFileMappingW(shared->file, NULL, PAGE_READWRITE, 0, (DWORD)size, NULL);
  if (!shared->section) return 0;
  shared->memory = MapViewOfFile(shared->section, FILE_MAP_READ | FILE_MAP_WRITE, 0, 0, size);
  if (!shared->memory) {
    CloseHandle(shared->section);
    return 0;
  }
  shared->size = size;
  return 1;
}

enum shared_file_result shared_file_create(shared_file_t *shared, uint32_t serial, size_t size) {
  wchar_t name[64];
  memset(shared, 0, sizeof *shared);
  swprintf(name, 64, L"\\layer\\%lu-%lu", GetCurrentProcessId(), (unsigned long)serial);
  if (!path_below(shared->path, PLATFORM_PATH_MAX, L"SENSORIUM_RUNTIME_DIR", name)) {
    wchar_t below[96];
    swprintf(below, 96, L"\\Temp\\sensorium%ls", name);
    if (!path_below(shared->path, PLATFORM_PATH_MAX, L"LOCALAPPDATA", below)) return SHARED_FILE_NONE;
  }
  shared->file = CreateFileW(
      shared->path, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
      CREATE_NEW, FILE_ATTRIBUTE_TEMPORARY | FILE_FLAG_OPEN_REPARSE_POINT, NULL);
  /* Denied it is also while the deleted file of another is open still. */
  if (shared->file == INVALID_HANDLE_VALUE)
    return GetLastError() == ERROR_FILE_EXISTS || GetLastError() == ERROR_ACCESS_DENIED ? SHARED_FILE_TAKEN
                                                                                       : SHARED_FILE_NONE;
  if (map_new_file(shared, size)) return SHARED_FILE_MADE;
  CloseHandle(shared->file);
  DeleteFileW(shared->path);
  return SHARED_FILE_NONE;
}

void shared_file_remove(shared_file_t *shared) {
  if (!shared->size) return;
  UnmapViewOfFile(shared->memory);
  CloseHandle(shared->section);
  CloseHandle(shared->file);
  DeleteFileW(shared->path);
  memset(shared, 0, sizeof *shared);
}

void shared_file_forget(shared_file_t *shared) { memset(shared, 0, sizeof *shared); }

int platform_read_allowed(char *text, size_t size) {
  wchar_t path[PLATFORM_PATH_MAX];
  HANDLE file;
  DWORD got = 0;
  int good;
  if (!path_below(path, PLATFORM_PATH_MAX, L"SENSORIUM_CONFIG_DIR", L"\\layer.allow") &&
      !path_below(path, PLATFORM_PATH_MAX, L"LOCALAPPDATA", L"\\sensorium\\layer.allow"))
    return 0;
  file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, OPEN_EXISTING,
                     0, NULL);
  if (file == INVALID_HANDLE_VALUE) return 0;
  good = GetFileType(file) == FILE_TYPE_DISK && ReadFile(file, text, (DWORD)size, &got, NULL) && got < size;
  CloseHandle(file);
  if (good) text[got] = '\0';
  return good;
}

int platform_program(char *path, size_t size) {
  wchar_t wide[PLATFORM_PATH_MAX];
  DWORD length = GetModuleFileNameW(NULL, wide, PLATFORM_PATH_MAX);
  if (!length || length >= PLATFORM_PATH_MAX) return 0;
  return WideCharToMultiByte(CP_UTF8, 0, wide, -1, path, (int)size, NULL, NULL) > 0;
}
