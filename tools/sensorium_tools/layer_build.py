"""Compiles the OpenXR API layer (runtime/layer), with every warning an error.

Usage: python -m sensorium_tools.layer_build [--target TARGET] [--out FILE]
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from sensorium import folders
from sensorium.errors import SensoriumError

WARNINGS = ("-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Werror")
_HEADERS = Path("/usr/include/openxr")
_NEED_HEADERS = "install OpenXR's headers: libopenxr-dev (Debian), openxr-devel (Fedora)"


@dataclass(frozen=True)
class Target:
    """What a library is compiled for.

    Attributes:
        compiler: The program.
        file: The library's name.
        flags: For a library's compiling and linking.
        machine: For any compiling and linking.
        windows: Whether it is Windows.
        probe: The program that tries the library, where the installer itself cannot load it.
    """

    compiler: str
    file: str
    flags: tuple[str, ...]
    machine: tuple[str, ...] = ()
    windows: bool = False
    probe: str = ""


# Never unloaded: what it told the C library to call at the process's end stays callable.
_SHARED = (
    "-shared", "-fPIC", "-fvisibility=hidden", "-pthread", "-Wl,--no-undefined", "-Wl,-z,nodelete",
)  # fmt: skip
_DLL = ("-shared", "-static-libgcc", "-Wl,--kill-at")
TARGETS = {
    "linux": Target("gcc", "libsensorium_layer.so", _SHARED),
    "linux-i686": Target(
        "gcc", "libsensorium_layer32.so", _SHARED, ("-m32",), probe="layer_probe32"
    ),
    "windows": Target("x86_64-w64-mingw32-gcc", "sensorium_layer.dll", _DLL, windows=True),
    "windows-i686": Target(
        "i686-w64-mingw32-gcc", "sensorium_layer32.dll", _DLL, windows=True,
        probe="layer_probe32.exe",
    ),
}


def sources(*, windows: bool) -> list[Path]:
    """The C files of the layer for one kind of system."""
    other = "_linux" if windows else "_windows"
    found = folders.data_room("layer").glob("*.c")
    return sorted(path for path in found if not path.stem.endswith(other))


def build(out: Path, target: str = "linux", *flags: str) -> Path:
    """Compiles and links the library, and for 32 bits the program that tries it.

    Args:
        out: The folder for the library.
        target: A key of `TARGETS`.
        flags: More flags, such as a sanitizer's.

    Returns:
        The library's path.

    Raises:
        SensoriumError: There is no such compiler, no header, or the compiler complains.
    """
    wanted = TARGETS[target]
    library = out / wanted.file
    link([*wanted.flags, *flags], sources(windows=wanted.windows), library, target)
    if wanted.probe:
        more = ["-static-libgcc", "-municode"] if wanted.windows else []
        probe = folders.data_room("layer") / "probe" / "probe.c"
        link([*flags, *more], [probe], out / wanted.probe, target)
    return library


def link(flags: list[str], files: list[Path], out: Path, target: str = "linux") -> None:
    """Compiles C files and links them to one file, a library or a program.

    Raises:
        SensoriumError: There is no such compiler, no header, or the compiler complains.
    """
    wanted = TARGETS[target]
    compiler = shutil.which(wanted.compiler)
    if compiler is None:
        raise SensoriumError(f"{wanted.compiler} is not here", "install it, or take another target")
    if not _HEADERS.is_dir():
        raise SensoriumError(f"{_HEADERS} is not here", _NEED_HEADERS)
    with tempfile.TemporaryDirectory() as folder:
        # Nothing else of this system's headers for a program of another system.
        Path(folder, "openxr").symlink_to(_HEADERS)
        command = [
            compiler, "-std=c11", "-O2", "-g", *WARNINGS, f"-I{folder}",
            f"-I{folders.data_room('layer')}", *wanted.machine, *flags, "-o", str(out),
            *map(str, files),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SensoriumError(f"{wanted.compiler} cannot build {out.name}:\n{done.stderr}")


def main(arguments: list[str] | None = None) -> int:
    """Runs the command.

    Returns:
        0, or 1 when it could not be built.
    """
    parser = argparse.ArgumentParser("python -m sensorium_tools.layer_build", description=__doc__)
    parser.add_argument("--target", choices=sorted(TARGETS), default="linux")
    parser.add_argument("--out", type=Path, default=Path(), metavar="FOLDER")
    options = parser.parse_args(arguments)
    try:
        sys.stdout.write(f"{build(options.out, options.target)}\n")
    except SensoriumError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
