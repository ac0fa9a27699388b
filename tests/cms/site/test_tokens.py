"""Colours: every pair of tokens that stands together has the contrast of WCAG 2.2 AA, in light, dark and elder mode."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

CSS = (Path(__file__).resolve().parents[3] / "static" / "css" / "tokens.css").read_text("utf-8")
TEXT = [
    *[(ink, ground) for ink in ("text", "muted", "link", "visited", "accent", "ok", "warn", "error", "info") for ground in ("bg", "surface", "sunken")],
    ("on-brand", "brand"), ("on-desk", "desk"), ("on-desk-soft", "desk"), ("ok", "ok-bg"), ("warn", "warn-bg"), ("error", "error-bg"),
    ("info", "info-bg"), ("text", "tint"), ("brand", "tint"), ("paper-ink", "paper"), ("paper-soft", "paper"),
]  # fmt: skip
SHAPES = [*[("edge", ground) for ground in ("bg", "surface")], ("focus", "bg"), ("focus", "surface"), ("rule", "bg"),
          *[(f"s{n}", "bg") for n in range(1, 7)]]  # fmt: skip
LOOKS = {
    "light": (":root",), "dark": (":root", ':root[data-theme="dark"]'), "elder": (":root", ':root[data-mode="elder"]'),
    "elder dark": (":root", ':root[data-theme="dark"]', ':root[data-mode="elder"]', ':root[data-mode="elder"][data-theme="dark"]'),
}  # fmt: skip


def _tokens(*selectors: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for selector in selectors:
        block = re.search(r"(?m)^" + re.escape(selector) + r" \{(.*?)^\}", CSS, re.DOTALL)
        assert block, selector
        found |= dict(re.findall(r"--([\w-]+): (#[0-9A-Fa-f]{3,6})\b", block.group(1)))
    return found


def _luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    digits = "".join(digit * 2 for digit in digits) if len(digits) == 3 else digits
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """(L1 + 0.05) / (L2 + 0.05), WCAG 2.2."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_the_ruler_is_right():
    assert round(contrast("#000", "#FFFFFF"), 2) == 21.0
    assert round(contrast("#777777", "#FFFFFF"), 2) == 4.48


@pytest.mark.parametrize("look", LOOKS)
def test_text_is_readable_and_shapes_are_seen(look):
    tokens = _tokens(*LOOKS[look])

    weak = {pair: round(contrast(tokens[pair[0]], tokens[pair[1]]), 2) for pair in TEXT if contrast(tokens[pair[0]], tokens[pair[1]]) < 4.5}
    faint = {
        pair: round(contrast(tokens[pair[0]], tokens[pair[1]]), 2) for pair in SHAPES if contrast(tokens[pair[0]], tokens[pair[1]]) < 3
    }

    assert (weak, faint) == ({}, {})
