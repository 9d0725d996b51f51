"""A decoder of G.722 at 64 kbit/s, of many sounds at once.

ITU-T Recommendation G.722 (09/2012), "7 kHz audio-coding within 64 kbit/s", mode 1. The names of
the blocks and tables are the recommendation's. Each code depends on the one before it, so a
single sound cannot be decoded in parallel; many sounds side by side can.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Whole = NDArray[np.int32]

RATE_HZ = 16_000
SAMPLES_PER_BYTE = 2

_WL = np.array([-60, -30, 58, 172, 334, 538, 1198, 3042], np.int32)
_RL42 = np.array([0, 7, 6, 5, 4, 3, 2, 1, 7, 6, 5, 4, 3, 2, 1, 0])
_ILB = np.array(
    [2048, 2093, 2139, 2186, 2233, 2282, 2332, 2383, 2435, 2489, 2543, 2599, 2656, 2714, 2774,
     2834, 2896, 2960, 3025, 3091, 3158, 3228, 3298, 3371, 3444, 3520, 3597, 3676, 3756, 3838,
     3922, 4008],
    np.int32,
)
_WH = np.array([0, -214, 798], np.int32)
_RH2 = np.array([2, 1, 2, 1])
_QM2 = np.array([-7408, -1616, 7408, 1616], np.int32)
_QM4 = np.array(
    [0, -20456, -12896, -8968, -6288, -4240, -2584, -1200, 20456, 12896, 8968, 6288, 4240, 2584,
     1200, 0],
    np.int32,
)
_QM6 = np.array(
    [-136, -136, -136, -136, -24808, -21904, -19008, -16704, -14984, -13512, -12280, -11192,
     -10232, -9360, -8576, -7856, -7192, -6576, -6000, -5456, -4944, -4464, -4008, -3576, -3168,
     -2776, -2400, -2032, -1688, -1360, -1040, -728, 24808, 21904, 19008, 16704, 14984, 13512,
     12280, 11192, 10232, 9360, 8576, 7856, 7192, 6576, 6000, 5456, 4944, 4464, 4008, 3576, 3168,
     2776, 2400, 2032, 1688, 1360, 1040, 728, 432, 136, -432, -136],
    np.int32,
)
_QMF = np.array([3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53, -11], np.int64)
_STEP_SHIFT = np.array([[8], [10]], np.int32)
"""SCALEL's and SCALEH's."""
_NB_MAX = np.array([[18432], [22528]], np.int32)
_RUN = 2000
"""Codes between two looks for sounds that have ended."""


def decode(sounds: Sequence[bytes]) -> list[NDArray[np.int16]]:
    """Decodes sounds, each from the coder's initial state.

    Args:
        sounds: Octets of each; any are valid.

    Returns:
        Of each, 16-bit samples at 16 kHz: two for an octet.
    """
    order = sorted(range(len(sounds)), key=lambda index: -len(sounds[index]))
    lengths = [len(sounds[index]) for index in order]
    longest = max(lengths, default=0)
    codes = np.zeros((longest, len(order)), np.uint8)
    for column, index in enumerate(order):
        codes[: lengths[column], column] = np.frombuffer(sounds[index], np.uint8)
    low, high = np.zeros(codes.shape, np.int32), np.zeros(codes.shape, np.int32)
    bands = _Bands(len(order))
    for first in range(0, longest, _RUN):
        active = sum(length > first for length in lengths)
        bands.keep(active)
        for step in range(first, min(first + _RUN, longest)):
            low[step, :active], high[step, :active] = bands.step(codes[step, :active])
    decoded: list[NDArray[np.int16]] = [np.zeros(0, np.int16)] * len(order)
    for column, index in enumerate(order):
        length = lengths[column]
        decoded[index] = _synthesise(low[:length, column], high[:length, column])
    return decoded


class _Bands:
    """The adaptive predictors and quantisers of the lower and the higher band: rows 0 and 1."""

    def __init__(self, count: int) -> None:
        self.nb = np.zeros((2, count), np.int32)
        self.det = np.repeat(np.array([[32], [8]], np.int32), count, 1)
        self.s = np.zeros((2, count), np.int32)
        self.sz = np.zeros((2, count), np.int32)
        self.a = np.zeros((2, 2, count), np.int32)
        self.r = np.zeros((2, count), np.int32)
        self.p = np.zeros((2, 2, count), np.int32)
        self.b = np.zeros((6, 2, count), np.int32)
        self.d = np.zeros((6, 2, count), np.int32)

    def keep(self, count: int) -> None:
        """Goes on with the first `count` sounds."""
        for name, value in vars(self).items():
            setattr(self, name, np.ascontiguousarray(value[..., :count]))

    def step(self, codes: NDArray[np.uint8]) -> tuple[Whole, Whole]:
        """Takes one octet of each sound; gives RL and RH, the bands' reconstructed signals."""
        in_low, in_high = codes & 0x3F, codes >> 6
        four = in_low >> 2
        d = np.empty_like(self.s)
        low = _clipped(self.s[0] + ((self.det[0] * _QM6[in_low]) >> 15), -16384, 16383)
        d[0] = (self.det[0] * _QM4[four]) >> 15
        d[1] = (self.det[1] * _QM2[in_high]) >> 15
        high = _clipped(self.s[1] + d[1], -16384, 16383)
        self._scale(np.stack([_WL[_RL42[four]], _WH[_RH2[in_high]]]))
        self._predict(d)
        return low, high

    def _scale(self, more: Whole) -> None:
        """LOGSCL and SCALEL, LOGSCH and SCALEH."""
        self.nb = _clipped(((self.nb * 127) >> 7) + more, 0, _NB_MAX)
        shift = _STEP_SHIFT - (self.nb >> 11)
        step = _ILB[(self.nb >> 6) & 31]
        self.det = ((step << np.maximum(-shift, 0)) >> np.maximum(shift, 0)) << 2

    def _predict(self, d: Whole) -> None:
        """Block 4: RECONS, PARREC, UPPOL2, UPPOL1, UPZERO, FILTEP, FILTEZ, PREDIC."""
        r, p = _saturated(self.s + d), _saturated(self.sz + d)
        sign = p >> 15
        same_1, same_2 = sign == self.p[0] >> 15, sign == self.p[1] >> 15
        pole = _saturated(self.a[0] << 2)
        second = np.minimum(np.where(same_1, -pole, pole), 32767) >> 7
        second += np.where(same_2, 128, -128)
        second = _clipped(second + ((self.a[1] * 32512) >> 15), -12288, 12288)
        first = np.where(same_1, 192, -192) + ((self.a[0] * 32640) >> 15)
        limit = 15360 - second
        self.a[0], self.a[1] = _clipped(first, -limit, limit), second
        step = np.where(d == 0, 0, 128)
        towards = np.where(self.d >> 15 == d >> 15, step, -step)
        self.b = _saturated(towards + ((self.b * 32640) >> 15))
        self.d[1:] = self.d[:-1]
        self.d[0] = d
        self.p[1], self.p[0] = self.p[0], p
        poles = (self.a[0] * _saturated(2 * r)) >> 15
        poles += (self.a[1] * _saturated(2 * self.r)) >> 15
        self.r = r
        self.sz = _saturated(((self.b * _saturated(2 * self.d)) >> 15).sum(0, dtype=np.int32))
        self.s = _saturated(_saturated(poles) + self.sz)


def _saturated(value: Any) -> Any:
    return _clipped(value, -32768, 32767)


def _clipped(value: Any, low: Any, high: Any) -> Any:
    """np.clip; for so few elements these two calls take half its time."""
    return np.minimum(np.maximum(value, low), high)


def _synthesise(low: Whole, high: Whole) -> NDArray[np.int16]:
    """The receive quadrature mirror filter: two bands at 8 kHz to a signal at 16 kHz."""
    if not len(low):
        return np.zeros(0, np.int16)
    sums, differences = (low + high).astype(np.int64), (low - high).astype(np.int64)
    count = len(low)
    both = np.empty((count, 2), np.int64)
    both[:, 0] = np.convolve(differences, _QMF)[:count] >> 11
    both[:, 1] = np.convolve(sums, _QMF[::-1])[:count] >> 11
    return np.clip(both, -32768, 32767).astype(np.int16).reshape(-1)
