/* openxr_headers.h - OpenXR's header, and of its platform's what the layer needs: the clock.
 *
 * openxr_platform.h would bring all of windows.h into every file. The types below are its own, but for
 * the counter of Windows, which is a LARGE_INTEGER there: one of 64 bits.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LAYER_OPENXR_HEADERS_H
#define LAYER_OPENXR_HEADERS_H

#include <openxr/openxr.h>
#include <time.h>

#ifdef _WIN32
#define CALLS_CLOCK_EXTENSION "XR_KHR_win32_convert_performance_counter_time"
typedef XrResult(XRAPI_PTR *PFN_xrConvertWin32PerformanceCounterToTimeKHR)(
    XrInstance instance, const int64_t *counter, XrTime *time);
#else
#define CALLS_CLOCK_EXTENSION "XR_KHR_convert_timespec_time"
typedef XrResult(XRAPI_PTR *PFN_xrConvertTimespecTimeToTimeKHR)(
    XrInstance instance, const struct timespec *timespec_time, XrTime *time);
#endif

#endif
