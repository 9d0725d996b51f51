
/* ---- The platform --------------------------------------------------------------------------- */

#if defined(__linux__) && !defined(_GNU_SOURCE) && !defined(_FEATURES_H)
#define _GNU_SOURCE 1
#endif

#if defined(_MSC_VER)
#pragma warning(push)
#pragma warning(disable : 4996) /* getenv, fopen: their _s forms exist nowhere else */
#endif

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(_WIN32)
#ifndef WIN32_LEAN_AND_MEAN
#define WIN32_LEAN_AND_MEAN
#endif
#ifndef NOMINMAX
#define NOMINMAX
#endif
#include <windows.h>
#elif defined(__linux__)
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#if defined(__GLIBC__) && !defined(__USE_MISC)
#error "with -std=c11, include sensorium.h before all other headers or define _GNU_SOURCE"
#endif
#else
#error "Sensorium runs on Linux and Windows"
#endif

#if UINTPTR_MAX < UINT64_MAX
#error "Sensorium needs a 64-bit build: its counters are read as whole 8-byte words"
#endif

#if defined(__cplusplus)
#define SENSORIUM_ASSERT(condition, text) static_assert(condition, text)
#elif defined(_MSC_VER)
#define SENSORIUM_ASSERT(condition, text) static_assert(condition, text)
#else
#define SENSORIUM_ASSERT(condition, text) _Static_assert(condition, text)
#endif

/* Counters: aligned 8-byte words that two processes share. */
#if defined(_MSC_VER) && !defined(__clang__)
#include <intrin.h>
#if defined(_M_ARM64)
#define SENSORIUM_ORDER() __dmb(_ARM64_BARRIER_ISH)
#else
#define SENSORIUM_ORDER() _ReadWriteBarrier()
#endif
static inline uint64_t sensorium_load(const void *word) {
  uint64_t value = *(const volatile uint64_t *)word;
  SENSORIUM_ORDER();
  return value;
}
static inline uint64_t sensorium_load_plain(const void *word) { return *(const volatile uint64_t *)word; }
static inline void sensorium_store(void *word, uint64_t value) {
  SENSORIUM_ORDER();
  *(volatile uint64_t *)word = value;
}
static inline void sensorium_fence_acquire(void) { SENSORIUM_ORDER(); }
static inline void sensorium_fence_release(void) { SENSORIUM_ORDER(); }
static inline void sensorium_fence_full(void) { MemoryBarrier(); }
#define SENSORIUM_UNLIKELY(condition) (condition)
#else
static inline uint64_t sensorium_load(const void *word) {
  return __atomic_load_n((const uint64_t *)word, __ATOMIC_ACQUIRE);
}
static inline uint64_t sensorium_load_plain(const void *word) {
  return __atomic_load_n((const uint64_t *)word, __ATOMIC_RELAXED);
}
static inline void sensorium_store(void *word, uint64_t value) {
  __atomic_store_n((uint64_t *)word, value, __ATOMIC_RELEASE);
}
static inline void sensorium_fence_acquire(void) { __atomic_thread_fence(__ATOMIC_ACQUIRE); }
static inline void sensorium_fence_release(void) { __atomic_thread_fence(__ATOMIC_RELEASE); }
static inline void sensorium_fence_full(void) { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
#define SENSORIUM_UNLIKELY(condition) __builtin_expect(!!(condition), 0)
#endif

#define SENSORIUM_CLOCK_MONOTONIC 1u
#define SENSORIUM_CLOCK_QPC 2u

/* This process's monotonic time in ns: CLOCK_MONOTONIC, or QueryPerformanceCounter. */
static inline uint64_t sensorium_now_ns(void) {
#if defined(_WIN32)
  LARGE_INTEGER frequency, counter;
  uint64_t hz, ticks;
  QueryPerformanceFrequency(&frequency);
  QueryPerformanceCounter(&counter);
  hz = (uint64_t)frequency.QuadPart;
  ticks = (uint64_t)counter.QuadPart;
  return ticks / hz * 1000000000u + ticks % hz * 1000000000u / hz;
#else
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
#endif
}

#if defined(_WIN32)
#define SENSORIUM_CLOCK SENSORIUM_CLOCK_QPC
#else
#define SENSORIUM_CLOCK SENSORIUM_CLOCK_MONOTONIC
#endif

/* Sleeps about `ms` milliseconds; never inside a frame. */
static inline void sensorium_nap(unsigned ms) {
#if defined(_WIN32)
  Sleep(ms);
#else
  struct timespec time;
  time.tv_sec = (time_t)(ms / 1000);
  time.tv_nsec = (long)(ms % 1000) * 1000000L;
  nanosleep(&time, NULL);
#endif
}
