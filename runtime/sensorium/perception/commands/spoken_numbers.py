"""English numbers: digits to words, and words back to a number."""

from __future__ import annotations

from typing import NamedTuple

_UNITS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
    "nineteen",
)  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SCALES = ("thousand", "million", "billion", "trillion")
_BELOW_20 = {word: value for value, word in enumerate(_UNITS)}
_TENS_VALUE = {word: 20 + 10 * place for place, word in enumerate(_TENS)}
_SCALE_VALUE = {word: 1000 ** (place + 1) for place, word in enumerate(_SCALES)}
_DIGITS = {**{word: str(value) for value, word in enumerate(_UNITS[:10])}, "oh": "0"}
_IRREGULAR = {
    "first": "one", "second": "two", "third": "three", "fifth": "five", "eighth": "eight",
    "ninth": "nine", "twelfth": "twelve",
}
_ORDINALS = {
    **{f"{word}th": word for word in (*_UNITS, "hundred", *_SCALES)},
    **{f"{word[:-1]}ieth": word for word in _TENS},
    **_IRREGULAR,
}
_ORDINAL_OF = {word: ordinal for ordinal, word in _ORDINALS.items()}
_MINUS = ("minus", "negative")
_PARTS = {"half": 0.5, "quarter": 0.25, "quarters": 0.25}
PERCENT = "percent"
_LONGEST = 15
"""Digits that are read as one number; longer ones are read digit by digit."""


class Number(NamedTuple):
    """A number within words.

    Attributes:
        value: The number; `percent` is not divided by 100.
        end: Index behind its last word, a `percent` that follows included.
    """

    value: float
    end: int


def cardinal(number: int) -> list[str]:
    """The words of a whole number from 0: 125 is one hundred twenty five."""
    if number < 20:
        return [_UNITS[number]]
    if number < 100:
        tens, rest = divmod(number, 10)
        return [_TENS[tens - 2], *(cardinal(rest) if rest else ())]
    if number < 1000:
        hundreds, rest = divmod(number, 100)
        return [_UNITS[hundreds], "hundred", *(cardinal(rest) if rest else ())]
    for word, scale in reversed(_SCALE_VALUE.items()):
        if number >= scale:
            high, rest = divmod(number, scale)
            return [*cardinal(high), word, *(cardinal(rest) if rest else ())]
    raise AssertionError("every number from 1000 on has a scale")


def spelled(digits: str, *, ordinal: bool = False) -> list[str]:
    """The words of a number that is written in digits.

    Args:
        digits: `25`, `3.5` or `007`: digits, at most one point.
        ordinal: Whether it is one, as 21st is.
    """
    whole, _, fraction = digits.partition(".")
    if len(whole) > _LONGEST or (len(whole) > 1 and whole[0] == "0"):
        words = [_UNITS[int(digit)] for digit in whole]
    else:
        words = cardinal(int(whole or "0"))
    if fraction:
        words += ["point", *(_UNITS[int(digit)] for digit in fraction)]
    elif ordinal:
        words[-1] = _ORDINAL_OF[words[-1]]
    return words


def number_at(words: list[str], at: int) -> Number | None:
    """The longest number that begins at a word.

    Cardinals, decimals, negative numbers, ordinals, digits one by one (two five: 25), years
    (nineteen eighty four), halves and quarters, each with or without `percent` behind it.

    Args:
        words: Normalised words, digits written out; see `words.normalised`.
        at: Index of its first word.
    """
    start = at + (at < len(words) and words[at] in _MINUS)
    found = _longest(words, start)
    if found is None:
        return None
    value, end = found
    if start > at:
        value = -value
    if end < len(words) and words[end] == PERCENT:
        end += 1
    return Number(value, end)


def _longest(words: list[str], at: int) -> Number | None:
    readings = (_one_by_one(words, at), _year(words, at), _decimal(words, at), _part(words, at))
    found = [reading for reading in readings if reading is not None]
    return max(found, key=lambda reading: reading.end, default=None)


def _one_by_one(words: list[str], at: int) -> Number | None:
    end = at
    while end < len(words) and words[end] in _DIGITS:
        end += 1
    if not 2 <= end - at <= _LONGEST:
        return None
    return Number(float("".join(_DIGITS[word] for word in words[at:end])), end)


def _year(words: list[str], at: int) -> Number | None:
    """Nineteen eighty four, twenty oh five."""
    first = _below_100(words, at)
    if first is None or first.value < 10:
        return None
    second = _below_100(words, first.end)
    if second is not None and second.value >= 10:
        return Number(100 * first.value + second.value, second.end)
    digits = words[first.end : first.end + 2]
    if len(digits) == 2 and digits[0] in ("oh", "zero") and digits[1] in _DIGITS:
        return Number(100 * first.value + int(_DIGITS[digits[1]]), first.end + 2)
    return None


def _decimal(words: list[str], at: int) -> Number | None:
    whole = _whole(words, at)
    value, end = whole if whole is not None else (0.0, at)
    if words[end : end + 1] == ["point"] and end + 1 < len(words) and words[end + 1] in _DIGITS:
        last = end + 1
        while last < len(words) and words[last] in _DIGITS:
            last += 1
        digits = "".join(_DIGITS[word] for word in words[end + 1 : last])
        return Number(float(f"{int(value)}.{digits}"), last)
    if whole is not None and words[end : end + 2] == ["and", "a"]:
        part = _PARTS.get(words[end + 2]) if end + 2 < len(words) else None
        if part is not None:
            return Number(value + part, end + 3)
    return whole


def _part(words: list[str], at: int) -> Number | None:
    """Half, a quarter, three quarters."""
    many = _below_100(words, at)
    count, end = many if many is not None else (1.0, at + (words[at : at + 1] == ["a"]))
    if end < len(words) and words[end] in _PARTS:
        return Number(count * _PARTS[words[end]], end + 1)
    return None


def _whole(words: list[str], at: int) -> Number | None:
    """A cardinal or ordinal: groups of up to three digits, each with a smaller scale."""
    total, end, least = 0.0, at, float("inf")
    while True:
        start = end + (end > at and words[end : end + 1] == ["and"])
        group = _below_1000(words, start)
        if group is None:
            break
        scale = _scale(words, group.end)
        if scale is None:
            if least <= 1:
                break
            return Number(total + group.value, group.end)
        if scale[0] >= least:
            break
        least, end = scale
        total += group.value * least
        if words[end - 1] in _ORDINALS:
            break
    return Number(total, end) if end > at else None


def _scale(words: list[str], at: int) -> tuple[int, int] | None:
    word = words[at] if at < len(words) else ""
    value = _SCALE_VALUE.get(_ORDINALS.get(word, word))
    # A group that is an ordinal is the last one.
    if value is None or words[at - 1] in _ORDINALS:
        return None
    return value, at + 1


def _below_1000(words: list[str], at: int) -> Number | None:
    if words[at : at + 1] == ["a"] and at + 1 < len(words):
        word = _ORDINALS.get(words[at + 1], words[at + 1])
        if word != "hundred" and word not in _SCALE_VALUE:
            return None
        head: Number | None = Number(1.0, at + 1)
    else:
        head = _below_100(words, at)
    if head is None or words[head.end - 1] in _ORDINALS:
        return head
    if head.end == len(words):
        return head
    if _ORDINALS.get(words[head.end], words[head.end]) != "hundred":
        return head
    hundreds = Number(100 * head.value, head.end + 1)
    if words[head.end] in _ORDINALS:
        return hundreds
    rest = _below_100(words, hundreds.end + (words[hundreds.end : hundreds.end + 1] == ["and"]))
    return Number(hundreds.value + rest.value, rest.end) if rest is not None else hundreds


def _below_100(words: list[str], at: int) -> Number | None:
    if at >= len(words):
        return None
    word = _ORDINALS.get(words[at], words[at])
    if word in _BELOW_20:
        return Number(float(_BELOW_20[word]), at + 1)
    if word not in _TENS_VALUE:
        return None
    tens = float(_TENS_VALUE[word])
    if words[at] in _ORDINALS or at + 1 == len(words):
        return Number(tens, at + 1)
    unit = _BELOW_20.get(_ORDINALS.get(words[at + 1], words[at + 1]), 0)
    return Number(tens + unit, at + 2) if 0 < unit < 10 else Number(tens, at + 1)
