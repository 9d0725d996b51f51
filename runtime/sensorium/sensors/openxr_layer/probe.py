"""Loads a layer's library as an OpenXR loader would: run in a child, which may crash over it.

Usage: python probe.py LIBRARY. Says nothing and ends with 0 when the library answers.
"""

from __future__ import annotations

import ctypes
import sys

NAME = b"XR_APILAYER_NOVENDOR_sensorium"
_LOADER_INFO, _LAYER_REQUEST = 1, 2
_ANY_API = (1 << 48, (1 << 48) + (0x3FF << 32) + 0xFFF)


class _LoaderInfo(ctypes.Structure):
    _fields_ = (
        ("kind", ctypes.c_int), ("version", ctypes.c_uint32), ("size", ctypes.c_size_t),
        ("min_interface", ctypes.c_uint32), ("max_interface", ctypes.c_uint32),
        ("min_api", ctypes.c_uint64), ("max_api", ctypes.c_uint64),
    )  # fmt: skip


class _LayerRequest(ctypes.Structure):
    _fields_ = (
        ("kind", ctypes.c_int), ("version", ctypes.c_uint32), ("size", ctypes.c_size_t),
        ("layer_interface", ctypes.c_uint32), ("layer_api", ctypes.c_uint64),
        ("get", ctypes.c_void_p), ("create", ctypes.c_void_p),
    )  # fmt: skip


def main(library: str) -> int:
    """Loads and asks it; 1 when it does not answer as a layer does."""
    loader = _LoaderInfo(_LOADER_INFO, 1, ctypes.sizeof(_LoaderInfo), 1, 1, *_ANY_API)
    request = _LayerRequest(_LAYER_REQUEST, 1, ctypes.sizeof(_LayerRequest))
    try:
        negotiate = ctypes.CDLL(library).xrNegotiateLoaderApiLayerInterface
    except (OSError, AttributeError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    negotiate.restype = ctypes.c_int
    result = negotiate(ctypes.byref(loader), NAME, ctypes.byref(request))
    if result or not (request.get and request.create):
        sys.stderr.write(f"it answers {result}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
