/* probe.c - loads the layer's library as an OpenXR loader would, where the installer itself cannot: for 32 bits.
 *
 *   layer_probe32 LIBRARY
 *
 * As sensors/openxr_layer/probe.py: says nothing and ends with 0 when the library answers.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifdef _WIN32
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#else
#include <dlfcn.h>
#endif
#include <stdio.h>
#include <string.h>

#include "negotiation.h"

typedef XrResult(XRAPI_PTR *negotiate_t)(
    const negotiation_loader_info_t *, const char *, negotiation_layer_request_t *);

static int ask(negotiate_t negotiate) {
  const negotiation_loader_info_t loader = {
      .kind = NEGOTIATION_LOADER_INFO, .version = 1, .size = sizeof loader, .min_interface = 1, .max_interface = 1,
      .min_api = XR_MAKE_VERSION(1, 0, 0), .max_api = XR_MAKE_VERSION(1, 0x3ff, 0xfff)};
  negotiation_layer_request_t request = {
      .kind = NEGOTIATION_LAYER_REQUEST, .version = 1, .size = sizeof request};
  XrResult result = negotiate(&loader, LAYER_NAME, &request);
  if (result == XR_SUCCESS && request.get && request.create) return 0;
  fprintf(stderr, "it answers %d\n", (int)result);
  return 1;
}

#ifdef _WIN32
int wmain(int argc, wchar_t **argv) {
  HMODULE library = argc > 1 ? LoadLibraryW(argv[1]) : NULL;
  FARPROC found = library ? GetProcAddress(library, "xrNegotiateLoaderApiLayerInterface") : NULL;
  negotiate_t negotiate;
  if (!found) {
    fprintf(stderr, "it cannot be loaded: error %lu\n", GetLastError());
    return 1;
  }
  memcpy(&negotiate, &found, sizeof negotiate);
  return ask(negotiate);
}
#else
int main(int argc, char **argv) {
  void *library = argc > 1 ? dlopen(argv[1], RTLD_NOW) : NULL;
  void *found = library ? dlsym(library, "xrNegotiateLoaderApiLayerInterface") : NULL;
  negotiate_t negotiate;
  if (!found) {
    fprintf(stderr, "%s\n", argc > 1 ? dlerror() : "usage: layer_probe32 LIBRARY");
    return 1;
  }
  memcpy(&negotiate, &found, sizeof negotiate);
  return ask(negotiate);
}
#endif
