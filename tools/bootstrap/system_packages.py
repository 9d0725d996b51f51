"""What the project needs from the system: how to see that it is there, and the packages' names.

A need is looked for by what is used of it (a program, a library, a header), not by the name of a
package, so that one that came by other means counts too. The names for apt were installed and
tried on Debian 12 and 13; those for dnf and pacman come from the distributions' package lists and
were not tried.
"""

from __future__ import annotations

import ctypes.util
import importlib.util
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bootstrap import monado

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


@dataclass(frozen=True)
class Need:
    """One thing that the system should have.

    Attributes:
        name: What it is, for a message.
        present: Tells whether it is there.
        apt: Packages of Debian and Ubuntu that bring it, separated by spaces.
        dnf: Packages of Fedora.
        pacman: Packages of Arch.
    """

    name: str
    present: Callable[[], bool]
    apt: str
    dnf: str = ""
    pacman: str = ""

    def packages(self, manager: str) -> list[str]:
        """The packages of `manager` ("apt", "dnf", "pacman"); empty where none is known."""
        return {"apt": self.apt, "dnf": self.dnf, "pacman": self.pacman}[manager].split()


def missing(needs: Iterable[Need]) -> list[Need]:
    """Those of `needs` that are not there."""
    return [need for need in needs if not need.present()]


def _programs(*names: str) -> Callable[[], bool]:
    """All of `names` are on the path."""
    return lambda: all(shutil.which(name) for name in names)


def _one_of(*names: str) -> Callable[[], bool]:
    """One of `names` is on the path, or is a program by that absolute name."""
    return lambda: any(shutil.which(name) for name in names)


def _library(name: str) -> Callable[[], bool]:
    """The loader finds the shared library; the same search that sounddevice and PyOpenGL do."""
    return lambda: ctypes.util.find_library(name) is not None


def _in_libraries(name: str) -> Callable[[], bool]:
    """The file `name` lies in one of the folders where systems keep libraries."""
    folders = ("usr/lib", "usr/lib/*-linux-gnu", "usr/lib64")
    return lambda: any(any(Path("/").glob(f"{folder}/{name}")) for folder in folders)


def _headers(*names: str) -> Callable[[], bool]:
    """All of `names` lie in /usr/include."""
    return lambda: all(Path("/usr/include", name).exists() for name in names)


def _one_header(*names: str) -> Callable[[], bool]:
    """One of `names` lies in /usr/include."""
    return lambda: any(Path("/usr/include", name).exists() for name in names)


def _python_venv() -> bool:
    """Debian ships Python without what `python3 -m venv` needs to put pip into it."""
    importlib.invalidate_caches()
    return all(importlib.util.find_spec(name) for name in ("venv", "ensurepip"))


VENV = Need(
    "Python's venv",
    _python_venv,
    apt=f"python3.{sys.version_info.minor}-venv",
    dnf="python3",
    pacman="python",
)

PORTAUDIO = Need(
    "PortAudio (the microphone)",
    _library("portaudio"),
    apt="libportaudio2",
    dnf="portaudio",
    pacman="portaudio",
)

OPENGL = Need(
    "libGL (the OpenXR bindings load it)",
    _library("GL"),
    apt="libgl1",
    dnf="libglvnd-glx",
    pacman="libglvnd",
)

DEBOOTSTRAP = Need(
    "debootstrap (makes bare Debian roots)",
    _programs("debootstrap"),
    apt="debootstrap",
    dnf="debootstrap",
    pacman="debootstrap",
)

WINE = Need(
    "Wine (runs Windows programs: the clients and the daemon itself)",
    _one_of("wine64", "wine", "/usr/lib/wine/wine64"),
    apt="wine64",
    dnf="wine-core",
    pacman="wine",
)

SYSTEM_TESTS = (
    PORTAUDIO,
    OPENGL,
    Need(
        "Monado (an OpenXR runtime without a headset)",
        lambda: monado.find() is not None,
        apt=" ".join(monado.PACKAGES),
        dnf="monado mesa-vulkan-drivers",
    ),
    Need(
        "OpenXR's headers, hello_xr and core validation (the API layer)",
        lambda: (
            _programs("hello_xr")()
            and _headers("openxr/openxr_platform.h")()
            and _in_libraries("openxr/1/api_layers/libXrApiLayer_core_validation.so")()
        ),
        apt="libopenxr-dev libopenxr-utils openxr-layer-corevalidation",
        dnf="openxr-devel openxr",
        pacman="openxr",
    ),
    Need(
        "PulseAudio (a microphone without hardware)",
        _programs("pulseaudio", "pactl", "paplay"),
        apt="pulseaudio pulseaudio-utils",
        dnf="pulseaudio pulseaudio-utils",
        pacman="pulseaudio",
    ),
    Need(
        "ALSA's PulseAudio plug-in",
        _in_libraries("alsa-lib/libasound_module_pcm_pulse.so"),
        apt="libasound2-plugins",
        dnf="alsa-plugins-pulseaudio",
        pacman="alsa-plugins",
    ),
    Need(
        "C and C++ compilers, make",
        _programs("gcc", "g++", "make"),
        apt="gcc g++ libc6-dev make",
        dnf="gcc gcc-c++ libasan libubsan make",
        pacman="gcc make",
    ),
    Need(
        "clang (a second opinion on the C clients)",
        _programs("clang", "clang++"),
        apt="clang",
        dnf="clang",
        pacman="clang",
    ),
    Need(
        "voices (speech for the tests)",
        _programs("espeak-ng", "flite"),
        apt="espeak-ng flite",
        dnf="espeak-ng flite",
        pacman="espeak-ng flite",
    ),
    Need(
        "recorded prompts (speech for the tests)",
        lambda: Path("/usr/share/asterisk/sounds/en_US_f_Allison/demo-moreinfo.g722").exists(),
        apt="asterisk-core-sounds-en asterisk-core-sounds-en-g722",
    ),
    Need(
        "X11 and OpenGL headers (the 3D example)",
        _headers("X11/Xlib.h", "GL/glx.h"),
        apt="libx11-dev libgl-dev",
        dnf="libX11-devel libglvnd-devel",
        pacman="libx11 libglvnd",
    ),
    Need(
        "Mesa (OpenGL without a GPU)",
        _in_libraries("dri/swrast_dri.so"),
        apt="libgl1-mesa-dri",
        dnf="mesa-dri-drivers",
        pacman="mesa",
    ),
    Need(
        "Xvfb (a display without a screen)",
        _programs("Xvfb"),
        apt="xvfb",
        dnf="xorg-x11-server-Xvfb",
        pacman="xorg-server-xvfb",
    ),
    Need(
        "Chromium and its driver (the page in a real browser)",
        _programs("chromium", "chromedriver"),
        apt="chromium chromium-driver",
        dnf="chromium chromedriver",
        pacman="chromium",
    ),
    Need(
        "Mono (the C# client)",
        _programs("mcs", "mono"),
        apt="mono-mcs mono-runtime libmono-system-core4.0-cil",
        dnf="mono-core mono-devel",
        pacman="mono",
    ),
    Need(
        "a compiler for 32-bit programs (the OpenXR layer for 32-bit apps)",
        _one_header("gnu/stubs-32.h", "x86_64-linux-gnu/gnu/stubs-32.h"),
        apt="gcc-multilib",
        dnf="glibc-devel.i686 libgcc.i686",
        pacman="lib32-glibc lib32-gcc-libs",
    ),
    Need(
        "MinGW-w64 (the client as a Windows program)",
        _programs("x86_64-w64-mingw32-gcc", "x86_64-w64-mingw32-g++"),
        apt="gcc-mingw-w64-x86-64 g++-mingw-w64-x86-64",
        dnf="mingw64-gcc mingw64-gcc-c++",
        pacman="mingw-w64-gcc",
    ),
    WINE,
)
"""What tests/system and tests/contract use; a test whose need is missing skips with the reason."""
