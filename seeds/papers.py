"""Pictures of papers that learners photograph for their applications: drawn here, of nobody real."""

from __future__ import annotations

import io
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

SIZE = (900, 640)
INK, LINE, STAMP = "#1B2330", "#B9C0C9", "#B3261E"


def scanned_record(title: str, rows: Sequence[tuple[str, str]]) -> bytes:
    """A training record as a PNG: title, rows of two columns, a stamp. Latin letters only, as the default font has no others."""
    picture = Image.new("RGB", SIZE, "white")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((24, 24, SIZE[0] - 24, SIZE[1] - 24), outline=LINE, width=3)
    draw.text((SIZE[0] // 2, 92), title, fill=INK, font=ImageFont.load_default(36), anchor="mm")
    for number, (name, value) in enumerate(rows):
        top = 170 + 62 * number
        draw.text((80, top), name, fill=INK, font=ImageFont.load_default(24))
        draw.text((400, top), value, fill=INK, font=ImageFont.load_default(24))
        draw.line((80, top + 44, SIZE[0] - 80, top + 44), fill=LINE, width=2)
    draw.ellipse((650, 420, 820, 590), outline=STAMP, width=6)
    draw.regular_polygon((735, 505, 34), n_sides=3, fill=STAMP)
    kept = io.BytesIO()
    picture.save(kept, format="PNG")
    return kept.getvalue()
