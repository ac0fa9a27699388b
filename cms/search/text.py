"""From text to search words, the same way for indexing and asking, on both databases.

Database search takes a run of Chinese characters for one word, so 学分 would never find 终身学习学分银行. Here a run becomes its
overlapping pairs (学分 分银 银行), followed by its single characters; a query becomes pairs only and asks for them side by side, which is
exactly a search for the substring. Letters and digits are words of their own, also where they touch Chinese.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from opencc import OpenCC
from pypinyin import Style, lazy_pinyin

LONGEST_QUERY = 255
MOST_TERMS = 24

HAN = "\u2e80-\u2fdf\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
RUNS = re.compile(rf"[{HAN}]+|[^\W_{HAN}]+")
ONLY_HAN = re.compile(rf"[{HAN}]+")
TAGS = re.compile(r"<[^>]*>")


@lru_cache(maxsize=1)
def _converter() -> OpenCC:
    return OpenCC("t2s")


def fold(text: str) -> str:
    """One form for all ways of writing: NFKC (full width = half width), case folded, traditional as simplified characters."""
    return str(_converter().convert(unicodedata.normalize("NFKC", text).casefold()))


def index_words(text: str) -> str:
    """The words under which a text is found, parted by blanks; markup is left out."""
    words: list[str] = []
    for run in RUNS.findall(fold(TAGS.sub(" ", text))):
        if ONLY_HAN.fullmatch(run):
            words += [run[at : at + 2] for at in range(len(run) - 1)]
            words += run
        else:
            words.append(run)
    return " ".join(words)


def index_pinyin(text: str) -> str:
    """Pinyin and initials of the Chinese in a text, for suggestions while typing: 学分银行 → xuefenyinhang xfyh."""
    runs = [run for run in RUNS.findall(fold(text)) if ONLY_HAN.fullmatch(run)]
    whole = ["".join(lazy_pinyin(run)) for run in runs]
    initials = ["".join(lazy_pinyin(run, style=Style.FIRST_LETTER)) for run in runs]
    return " ".join([*whole, *initials])


def query_phrases(query: str) -> list[str]:
    """What to ask for: phrases that must all be there, each of words that must stand side by side.

    Any text is a query: control characters, punctuation and all but the first 255 characters and 24 terms are left out. An empty list
    means that nothing was asked.
    """
    phrases = []
    for run in RUNS.findall(fold(query[:LONGEST_QUERY])):
        if ONLY_HAN.fullmatch(run) and len(run) > 1:
            phrases.append(" ".join(run[at : at + 2] for at in range(len(run) - 1)))
        else:
            phrases.append(run)
    return phrases[:MOST_TERMS]


def query_terms(query: str) -> list[str]:
    """The cleaned terms as a reader sees them, for marking them in a result."""
    return RUNS.findall(fold(query[:LONGEST_QUERY]))[:MOST_TERMS]


def find_terms(text: str, terms: list[str]) -> list[tuple[int, int]]:
    """Where terms stand in the original text, as (start, end), sorted and without overlaps.

    Folding is done character by character with a map back, because it may change lengths (ﬁ → fi).
    """
    folded, origin = [], []
    for position, character in enumerate(text):
        for part in fold(character):
            folded.append(part)
            origin.append(position)
    haystack = "".join(folded)
    spans = sorted((origin[at], origin[at + len(term) - 1] + 1) for term in terms if term for at in _places(haystack, term))
    merged: list[tuple[int, int]] = []
    for start, end in spans:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _places(haystack: str, term: str) -> list[int]:
    places, at = [], haystack.find(term)
    while at != -1:
        places.append(at)
        at = haystack.find(term, at + 1)
    return places
