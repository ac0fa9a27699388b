"""Which characters the papers' font can draw, asked before a paper is issued: a name with an empty box in it is worth nothing.

The families are those of ``static/css/paper.css``, in its order. Where the machine has none of them, or no PDF engine, papers are printed
from the page with the reader's own fonts, and nothing is asked here.
"""

from __future__ import annotations

from functools import cache

from django.conf import settings

FAMILIES = ("Noto Sans CJK SC", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei")


def pdf_possible() -> bool:
    """Whether a PDF can be drawn here, in Chinese."""
    return bool(settings.PDF_AVAILABLE and drawable())


def unprintable(text: str) -> str:
    """The characters of a text for which no font of the papers has a drawing, each once, in order; empty where nothing is asked."""
    if not settings.PDF_AVAILABLE:
        return ""
    known = drawable()
    return "".join(dict.fromkeys(one for one in text if not one.isspace() and ord(one) not in known)) if known else ""


@cache
def drawable() -> frozenset[int]:
    """Code points in the tables of those of the families that are installed. Read once: 0.2 s a font file."""
    from fontTools.ttLib import TTCollection, TTFont  # noqa: PLC0415  slow to load, and only for papers

    found: set[int] = set()
    for family in FAMILIES:
        file = _file_of(family)
        if file is None:
            continue
        fonts = TTCollection(file, lazy=True).fonts if file.lower().endswith((".ttc", ".otc")) else [TTFont(file, lazy=True)]
        for font in fonts:
            if family in {font["name"].getDebugName(number) for number in (1, 16)}:
                found |= set(font.getBestCmap())
    return frozenset(found)


def _file_of(family: str) -> str | None:
    """Where fontconfig finds a family; None where it would take another one instead."""
    from weasyprint.text.ffi import ffi, fontconfig  # noqa: PLC0415  loads the drawing libraries

    config = fontconfig.FcInitLoadConfigAndFonts()
    pattern, result = fontconfig.FcPatternCreate(), ffi.new("FcResult *")
    fontconfig.FcPatternAddString(pattern, b"family", family.encode())
    fontconfig.FcConfigSubstitute(config, pattern, fontconfig.FcMatchPattern)
    fontconfig.FcDefaultSubstitute(pattern)
    match = fontconfig.FcFontMatch(config, pattern, result)
    try:
        return _text(ffi, fontconfig, match, b"file") if _has_family(ffi, fontconfig, match, family) else None
    finally:
        fontconfig.FcPatternDestroy(match)
        fontconfig.FcPatternDestroy(pattern)
        fontconfig.FcConfigDestroy(config)


def _has_family(ffi: object, fontconfig: object, match: object, family: str) -> bool:
    """A font may go by several names; any of them will do."""
    names = (_text(ffi, fontconfig, match, b"family", number) for number in range(8))
    return family in names


def _text(ffi: object, fontconfig: object, match: object, name: bytes, number: int = 0) -> str | None:
    held = ffi.new("FcChar8 **")  # type: ignore[attr-defined]
    if fontconfig.FcPatternGetString(match, name, number, held) != fontconfig.FcResultMatch:  # type: ignore[attr-defined]
        return None
    return str(ffi.string(held[0]).decode())  # type: ignore[attr-defined]
