/* negotiation.h - how a loader and a layer meet (interface version 1).
 *
 * The layout is that of the OpenXR loader's design document, "Loader Layer Interface". Headers of
 * OpenXR 1.0.20 do not have it; later ones do, under other names.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LAYER_NEGOTIATION_H
#define LAYER_NEGOTIATION_H

#include <stddef.h>
#include <stdint.h>

#include "openxr_headers.h"

/* An app finds the manifests of both; a loader lists each name once. */
#if UINTPTR_MAX == UINT32_MAX
#define LAYER_NAME "XR_APILAYER_NOVENDOR_sensorium_32"
#else
#define LAYER_NAME "XR_APILAYER_NOVENDOR_sensorium"
#endif
#define NEGOTIATION_VERSION 1u
#define NEGOTIATION_SETTINGS_SIZE 512

enum negotiation_kind {
  NEGOTIATION_LOADER_INFO = 1,
  NEGOTIATION_LAYER_REQUEST = 2,
  NEGOTIATION_CREATE_INFO = 4,
  NEGOTIATION_NEXT_INFO = 5
};

struct negotiation_create_info;

typedef XrResult(XRAPI_PTR *negotiation_create_t)(
    const XrInstanceCreateInfo *, const struct negotiation_create_info *, XrInstance *);

typedef struct negotiation_loader_info {
  enum negotiation_kind kind;
  uint32_t version;
  size_t size;
  uint32_t min_interface, max_interface;
  XrVersion min_api, max_api;
} negotiation_loader_info_t;

typedef struct negotiation_layer_request {
  enum negotiation_kind kind;
  uint32_t version;
  size_t size;
  uint32_t layer_interface;
  XrVersion layer_api;
  PFN_xrGetInstanceProcAddr get;
  negotiation_create_t create;
} negotiation_layer_request_t;

typedef struct negotiation_next_info {
  enum negotiation_kind kind;
  uint32_t version;
  size_t size;
  char layer_name[XR_MAX_API_LAYER_NAME_SIZE];
  PFN_xrGetInstanceProcAddr get;
  negotiation_create_t create;
  struct negotiation_next_info *next;
} negotiation_next_info_t;

typedef struct negotiation_create_info {
  enum negotiation_kind kind;
  uint32_t version;
  size_t size;
  void *loader_instance;
  char settings_file[NEGOTIATION_SETTINGS_SIZE];
  negotiation_next_info_t *next;
} negotiation_create_info_t;

#endif
