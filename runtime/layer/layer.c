/* layer.c - how the loader meets the layer, makes instances through it, and finds its functions.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hooks.h"
#include "negotiation.h"

#ifdef _WIN32
#define EXPORTED __declspec(dllexport)
#else
#define EXPORTED __attribute__((visibility("default")))
#endif

static _Atomic(PFN_xrGetInstanceProcAddr) last_get; /* serves instances that found no place in the tables */

static const struct hook {
  const char *name;
  PFN_xrVoidFunction function;
  uint32_t mode; /* from which mode on */
} hooks[] = {
#define X(name) {"xr" #name, (PFN_xrVoidFunction)hook_##name, LAYER_MODE_TIMING},
    HOOKS_OF_TIMING(X)
#undef X
#define X(name) {"xr" #name, (PFN_xrVoidFunction)hook_##name, LAYER_MODE_THREAD},
    HOOKS_OF_INPUT(X)
#undef X
};

static XRAPI_ATTR XrResult XRAPI_CALL
get_function(XrInstance handle, const char *name, PFN_xrVoidFunction *function) {
  const instance_t *instance = tracked_instance(handle, LAYER_MODE_OFF);
  PFN_xrGetInstanceProcAddr get = instance ? instance->calls.get : atomic_load(&last_get);
  uint32_t mode = instance ? instance->settings.mode : LAYER_MODE_OFF;
  XrResult result;
  size_t i;
  if (!get) return XR_ERROR_HANDLE_INVALID;
  result = get(handle, name, function);
  if (XR_FAILED(result) || !instance) return result;
  if (!strcmp(name, "xrGetInstanceProcAddr")) *function = (PFN_xrVoidFunction)get_function;
  if (!strcmp(name, "xrDestroyInstance")) *function = (PFN_xrVoidFunction)hook_DestroyInstance;
  for (i = 0; i < sizeof hooks / sizeof *hooks; i++)
    if (mode >= hooks[i].mode && !strcmp(name, hooks[i].name)) *function = hooks[i].function;
  return result;
}

static const struct extension {
  const char *name;
  uint32_t bit, mode; /* from which mode on it is wanted */
} extensions[] = {
    {CALLS_CLOCK_EXTENSION, LAYER_EXT_CLOCK, LAYER_MODE_TIMING},
    {XR_EXT_HAND_TRACKING_EXTENSION_NAME, LAYER_EXT_HANDS, LAYER_MODE_THREAD},
    {XR_EXT_EYE_GAZE_INTERACTION_EXTENSION_NAME, LAYER_EXT_GAZE, LAYER_MODE_THREAD},
};
#define EXTENSIONS (sizeof extensions / sizeof *extensions)

static uint32_t asked_by_app(const XrInstanceCreateInfo *info) {
  uint32_t i, bits = 0;
  size_t k;
  for (i = 0; i < info->enabledExtensionCount; i++)
    for (k = 0; k < EXTENSIONS; k++)
      if (!strcmp(info->enabledExtensionNames[i], extensions[k].name)) bits |= extensions[k].bit;
  return bits;
}

static uint32_t wanted_by_owner(const settings_t *settings) {
  uint32_t bits = 0;
  size_t k;
  for (k = 0; k < EXTENSIONS; k++)
    if (settings->mode >= extensions[k].mode) bits |= extensions[k].bit;
  if (!settings->hands) bits &= ~(uint32_t)LAYER_EXT_HANDS;
  if (!settings->gaze) bits &= ~(uint32_t)LAYER_EXT_GAZE;
  return bits;
}

/* Makes the instance with these extensions besides the app's own. */
static XrResult create_with(
    const XrInstanceCreateInfo *info, uint32_t added, const negotiation_create_info_t *below,
    negotiation_create_t create, XrInstance *out) {
  XrInstanceCreateInfo with = *info;
  const char **names = malloc((info->enabledExtensionCount + EXTENSIONS) * sizeof *names);
  XrResult result;
  size_t k;
  if (!names) return XR_ERROR_OUT_OF_MEMORY;
  if (info->enabledExtensionCount)
    memcpy(names, info->enabledExtensionNames, info->enabledExtensionCount * sizeof *names);
  for (k = 0; k < EXTENSIONS; k++)
    if (added & extensions[k].bit) names[with.enabledExtensionCount++] = extensions[k].name;
  with.enabledExtensionNames = names;
  result = create(&with, below, out);
  free(names);
  return result;
}

/* With all that is wanted, with less of it while the runtime does not know an extension, and last just as
 * the app asks for it: what that gives, the app is given. `added` becomes what was added. */
static XrResult create_below(
    const XrInstanceCreateInfo *info, uint32_t wanted, const negotiation_create_info_t *below,
    negotiation_create_t create, XrInstance *out, uint32_t *added) {
  static const uint32_t tries[] = {7, 3, 5, 1, 6, 2, 4};
  uint32_t tried = 0;
  XrResult result;
  size_t i;
  for (i = 0; i < sizeof tries / sizeof *tries; i++) {
    *added = tries[i] & wanted;
    if (!*added || (tried & (1u << *added))) continue;
    tried |= 1u << *added;
    result = create_with(info, *added, below, create, out);
    if (XR_SUCCEEDED(result)) return result;
    if (result != XR_ERROR_EXTENSION_NOT_PRESENT) break;
  }
  *added = 0;
  return create(info, below, out);
}

/* The functions that the mode needs; with less, a lesser mode. */
static void find_functions(instance_t *instance, XrInstance handle) {
  calls_t *calls = &instance->calls;
  if (instance->settings.mode == LAYER_MODE_THREAD && !calls_find_input(calls, handle))
    instance->settings.mode = LAYER_MODE_TIMING;
  if ((instance->extensions & LAYER_EXT_CLOCK) && !calls_find_clock(calls, handle))
    instance->extensions &= ~(uint32_t)LAYER_EXT_CLOCK;
  if ((instance->extensions & LAYER_EXT_HANDS) && !calls_find_hands(calls, handle))
    instance->extensions &= ~(uint32_t)LAYER_EXT_HANDS;
}

static void describe(instance_t *instance, XrInstance handle, const XrApplicationInfo *app) {
  XrInstanceProperties about = {.type = XR_TYPE_INSTANCE_PROPERTIES};
  snprintf(instance->app, sizeof instance->app, "%.*s", XR_MAX_APPLICATION_NAME_SIZE - 1, app->applicationName);
  snprintf(instance->engine, sizeof instance->engine, "%.*s", XR_MAX_ENGINE_NAME_SIZE - 1, app->engineName);
  if (XR_FAILED(instance->calls.GetInstanceProperties(handle, &about))) return;
  snprintf(instance->runtime, sizeof instance->runtime, "%.*s", XR_MAX_RUNTIME_NAME_SIZE - 1, about.runtimeName);
#ifndef _WIN32
  /* Of several action sets it binds the last one only. */
  if (!strncmp(instance->runtime, "SteamVR", 7)) instance->settings.own_actions = 0;
#endif
}

static XRAPI_ATTR XrResult XRAPI_CALL
create_instance(const XrInstanceCreateInfo *info, const negotiation_create_info_t *chain, XrInstance *out) {
  negotiation_create_info_t below;
  negotiation_next_info_t *next = chain ? chain->next : NULL;
  instance_t *instance;
  settings_t settings;
  char name[XR_MAX_APPLICATION_NAME_SIZE];
  uint32_t added = 0, asked;
  XrResult result;
  if (!next || !next->get || !next->create) return XR_ERROR_INITIALIZATION_FAILED;
  below = *chain;
  below.next = next->next;
  atomic_store(&last_get, next->get);
  if (!info || !out || (info->enabledExtensionCount && !info->enabledExtensionNames))
    return next->create(info, &below, out);
  snprintf(name, sizeof name, "%.*s", (int)sizeof name - 1, info->applicationInfo.applicationName);
  settings = settings_read(name);
  asked = asked_by_app(info);
  result = create_below(info, wanted_by_owner(&settings) & ~asked, &below, next->create, out, &added);
  if (XR_FAILED(result)) return result;
  /* One that the runtime did not destroy when it was told to, and has forgotten since. */
  if ((instance = tracked_instance(*out, LAYER_MODE_OFF)) != NULL) tracked_free_instance(instance);
  if ((instance = tracked_take_instance()) == NULL) return result;
  instance->settings = settings;
  instance->extensions = asked | added | added << LAYER_EXT_ADDED_SHIFT;
  instance->calls.get = next->get;
  if (!calls_find_timing(&instance->calls, *out)) {
    tracked_free_instance(instance);
    return result;
  }
  if (instance->settings.mode != LAYER_MODE_OFF) {
    find_functions(instance, *out);
    describe(instance, *out, &info->applicationInfo);
  }
  tracked_set_instance(instance, *out);
  return result;
}

EXPORTED XRAPI_ATTR XrResult XRAPI_CALL xrNegotiateLoaderApiLayerInterface(
    const negotiation_loader_info_t *loader, const char *name, negotiation_layer_request_t *request) {
  if (!loader || !request || loader->kind != NEGOTIATION_LOADER_INFO || loader->version != NEGOTIATION_VERSION ||
      loader->size != sizeof *loader || request->kind != NEGOTIATION_LAYER_REQUEST ||
      request->version != NEGOTIATION_VERSION || request->size != sizeof *request ||
      (name && strcmp(name, LAYER_NAME) != 0) || loader->min_interface > NEGOTIATION_VERSION ||
      loader->max_interface < NEGOTIATION_VERSION)
    return XR_ERROR_INITIALIZATION_FAILED;
  request->layer_interface = NEGOTIATION_VERSION;
  request->layer_api = XR_CURRENT_API_VERSION;
  request->get = get_function;
  request->create = create_instance;
  return XR_SUCCESS;
}
