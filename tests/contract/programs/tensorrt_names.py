"""Prints, as JSON, what a TensorRT binding has: `tensorrt_names.py MODULE`."""

from __future__ import annotations

import importlib
import json
import sys


def main(module: str) -> None:
    trt = importlib.import_module(module)
    found = {}
    for name in dir(trt):
        value = getattr(trt, name)
        if isinstance(value, type):
            found[name] = {each: getattr(value, each).__doc__ or "" for each in dir(value)}
        elif callable(value):
            found[name] = {}
    print(json.dumps({"version": trt.__version__, "names": found}))


if __name__ == "__main__":
    main(sys.argv[1])
