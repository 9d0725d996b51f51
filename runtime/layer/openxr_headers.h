/* openxr_headers.h - OpenXR's headers with what this platform's extensions need before them.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LAYER_OPENXR_HEADERS_H
#define LAYER_OPENXR_HEADERS_H

#ifdef _WIN32
#ifndef WIN32_LEAN_AND_MEAN
#define WIN32_LEAN_AND_MEAN
#endif
#include <windows.h>
/* after windows.h */
#include <unknwn.h>
#define XR_USE_PLATFORM_WIN32
#else
#include <time.h>
#define XR_USE_TIMESPEC
#endif
#include <openxr/openxr.h>
#include <openxr/openxr_platform.h>

#endif
