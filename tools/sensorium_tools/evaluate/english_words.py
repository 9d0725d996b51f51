"""English text as the words that were said, so that spelling is no error.

After `whisper/normalizers/english.py` of github.com/openai/whisper, with one turn: numbers become
words ("21" is "twenty one") and not digits, which has one outcome where that has several. Its table
of British spellings is left out.
"""

from __future__ import annotations

import re
import unicodedata

_UNITS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
    "nineteen",
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_GROUPS = ((1_000_000, "million"), (1_000, "thousand"), (100, "hundred"))
_LARGEST = 10**9
_ORDINALS = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth",
    "nine": "ninth", "twelve": "twelfth",
}
_MONEY = {"$": "dollar", "£": "pound", "€": "euro"}

_ASIDE = re.compile(r"\[[^\]]*\]|\([^)]*\)|<[^>]*>")
_FILLER = re.compile(r"\b(hmm|mm|mhm|mmm|uh|um)\b")
_WHOLE = {
    "won't": "will not", "can't": "can not", "let's": "let us", "ain't": "are not",
    "y'all": "you all", "wanna": "want to", "gotta": "got to", "gonna": "going to",
    "ma'am": "madam", "mr": "mister", "mrs": "missus", "dr": "doctor", "st": "saint",
    "okay": "ok",
}
_TAILS = {
    "n't": " not", "'re": " are", "'s": " is", "'d": " would", "'ll": " will", "'ve": " have",
    "'m": " am",
}
_WHOLE_PATTERN = re.compile(rf"\b({'|'.join(map(re.escape, _WHOLE))})\b")
_TAIL_PATTERN = re.compile(rf"({'|'.join(map(re.escape, _TAILS))})\b")
_GROUPED = re.compile(r"(?<=\d),(?=\d{3}\b)")
_AMOUNT = re.compile(r"([$£€])\s?(\d+)(?:\.(\d\d))?")
_NUMBER = re.compile(r"(\d+)(st|nd|rd|th)\b|(\d+)(?:\.(\d+))?(s\b|%)?")


def words(text: str) -> list[str]:
    """The words of a text, lower case, without punctuation, numbers spelt out."""
    text = unicodedata.normalize("NFKC", text).lower().replace("’", "'")
    text = _FILLER.sub(" ", _ASIDE.sub(" ", text))
    text = _WHOLE_PATTERN.sub(lambda found: _WHOLE[found[0]], text)
    text = _TAIL_PATTERN.sub(lambda found: _TAILS[found[0]], text)
    text = _AMOUNT.sub(_amount, _GROUPED.sub("", text))
    text = _NUMBER.sub(_number, text)
    plain = unicodedata.normalize("NFKD", text.replace("&", " and ").replace("'", ""))
    kept = (
        letter if letter.isalnum() else "" if unicodedata.combining(letter) else " "
        for letter in plain
    )
    return "".join(kept).split()


def spelt(number: int) -> str:
    """A whole number of less than a milliard in words, without "and"."""
    if number < len(_UNITS):
        return _UNITS[number]
    for size, name in _GROUPS:
        if number >= size:
            rest = number % size
            return f"{spelt(number // size)} {name}" + (f" {spelt(rest)}" if rest else "")
    return _TENS[number // 10 - 2] + (f" {_UNITS[number % 10]}" if number % 10 else "")


def _digits(digits: str) -> str:
    """A number in words; one that is too long or begins with 0 digit by digit."""
    if len(digits) > 1 and (digits[0] == "0" or int(digits) >= _LARGEST):
        return " ".join(_UNITS[int(digit)] for digit in digits)
    return spelt(int(digits))


def _amount(found: re.Match[str]) -> str:
    sign, whole, cents = found.groups()
    said = f" {_digits(whole)} {_MONEY[sign]}{'' if whole == '1' else 's'}"
    return f"{said} {_digits(cents)} cents " if cents and int(cents) else f"{said} "


def _number(found: re.Match[str]) -> str:
    ordinal, _, whole, decimals, tail = found.groups()
    if ordinal:
        *front, last = _digits(ordinal).split()
        last = _ORDINALS.get(last) or (last[:-1] + "ieth" if last.endswith("y") else last + "th")
        return f" {' '.join((*front, last))} "
    said = _digits(whole)
    if decimals:
        said += " point " + " ".join(_UNITS[int(digit)] for digit in decimals)
    if tail == "s":
        said = said[:-1] + "ies" if said.endswith("y") else said + "s"
    return f" {said}{' percent' if tail == '%' else ''} "
