"""Covers drawn by the project itself, as SVG: a motif for the subject, varied by the course's code. Always the same for the same course."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

PALETTES = (
    ("#F3E1D6", "#A84C16", "#D9A98A"), ("#DCE9EA", "#0F5C66", "#8FBEC2"), ("#E4E8D8", "#5B6E1E", "#A9B582"), ("#E6E1EF", "#4A55A8", "#AAB0D6"),
    ("#F2E6D2", "#8A5A00", "#CDAE75"), ("#F0DEE5", "#B0386A", "#D79AB3"), ("#DFE5EC", "#2F4B6E", "#93A7C1"), ("#E9E6DF", "#4C4A44", "#A8A498"),
)  # fmt: skip
WIDTH, HEIGHT = 320, 200

Motif = Callable[[int, str, str], Iterator[str]]


def cover_svg(code: str, subject: str, title: str) -> SafeString:
    """The drawing as an inline SVG without any text of strangers but one escaped character of the title."""
    seed = int.from_bytes(hashlib.sha256(code.encode()).digest()[:6], "big")
    ground, ink, soft = PALETTES[seed % len(PALETTES)]
    motif = MOTIFS.get(subject) or list(MOTIFS.values())[seed % len(MOTIFS)]
    body = "".join(motif(seed, ink, soft))
    if motif is _character:
        body += f'<text x="160" y="146" font-size="118" text-anchor="middle" fill="{ink}" font-family="serif">{escape(title[:1])}</text>'
    drawing = f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{ground}"/>{body}'
    return mark_safe(f'<svg class="cover" viewBox="0 0 {WIDTH} {HEIGHT}" aria-hidden="true" focusable="false">{drawing}</svg>')  # noqa: S308  our own numbers  # nosec B308 B703


def _line(x1: float, y1: float, x2: float, y2: float, ink: str, width: float = 3) -> str:
    return f'<line x1="{x1:.0f}" y1="{y1:.0f}" x2="{x2:.0f}" y2="{y2:.0f}" stroke="{ink}" stroke-width="{width}"/>'


def _circle(x: float, y: float, r: float, fill: str) -> str:
    return f'<circle cx="{x:.0f}" cy="{y:.0f}" r="{r:.1f}" fill="{fill}"/>'


def _character(seed: int, ink: str, soft: str) -> Iterator[str]:
    """The practice square of calligraphy."""
    yield f'<rect x="90" y="30" width="140" height="140" fill="none" stroke="{soft}" stroke-width="2"/>'
    for x1, y1, x2, y2 in ((90, 30, 230, 170), (230, 30, 90, 170), (160, 30, 160, 170), (90, 100, 230, 100)):
        yield f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="{soft}" stroke-dasharray="5 5"/>'


def _pulse(seed: int, ink: str, soft: str) -> Iterator[str]:
    """A heartbeat."""
    yield from (_line(x, 0, x, HEIGHT, soft, 1) for x in range(40, WIDTH, 40))
    peak = 40 + seed % 40
    yield f'<path d="M0 110H90l12-18 14 30 22-{peak + 40} 20 {peak + 70} 16-50 12 18h134" fill="none" stroke="{ink}" stroke-width="6" stroke-linejoin="round"/>'


def _dots(seed: int, ink: str, soft: str) -> Iterator[str]:
    """A field of values."""
    for row in range(7):
        for column in range(12):
            strong = (seed >> ((row * 5 + column) % 40)) & 1
            yield _circle(26 + column * 24, 28 + row * 24, 7 if strong else 3.5, ink if strong else soft)


def _leaves(seed: int, ink: str, soft: str) -> Iterator[str]:
    """Plants in a row."""
    for number in range(5):
        x, tall = 50 + number * 55, 3 + (seed >> number) % 2
        yield _line(x, 190, x, 190 - tall * 34, ink, 3)
        for at in range(tall):
            y = 172 - at * 34
            yield f'<path d="M{x} {y}q-24-4-24-26 22 2 24 26Z" fill="{ink if at % 2 else soft}"/><path d="M{x} {y}q24-4 24-26-22 2-24 26Z" fill="{soft if at % 2 else ink}"/>'


def _waves(seed: int, ink: str, soft: str) -> Iterator[str]:
    """Sound, water, language."""
    for number in range(6):
        y, high = 36 + number * 26, 8 + (seed >> number) % 12
        yield f'<path d="M0 {y}q20-{high} 40 0t40 0 40 0 40 0 40 0 40 0 40 0 40 0" fill="none" stroke="{ink if number % 2 else soft}" stroke-width="4"/>'


def _bars(seed: int, ink: str, soft: str) -> Iterator[str]:
    """Figures of a business."""
    for number in range(9):
        tall = 30 + (seed >> (number * 3)) % 8 * 16
        yield f'<rect x="{28 + number * 30}" y="{180 - tall}" width="18" height="{tall}" fill="{ink if number % 3 == 0 else soft}"/>'
    yield _line(20, 181, 300, 181, ink, 3)


def _gears(seed: int, ink: str, soft: str) -> Iterator[str]:
    """Machines and skills."""
    for x, y, r, fill in ((120, 105, 46, ink), (214, 82, 30, soft)):
        teeth = 10 + seed % 4
        for number in range(teeth):
            angle = 2 * math.pi * number / teeth
            yield _line(x, y, x + (r + 13) * math.cos(angle), y + (r + 13) * math.sin(angle), fill, 10)
        yield _circle(x, y, r, fill) + _circle(x, y, r * 0.4, "#FFFFFF")


def _pages(seed: int, ink: str, soft: str) -> Iterator[str]:
    """Books."""
    for number in range(8):
        tall, x = 90 + (seed >> number) % 5 * 14, 40 + number * 30
        yield f'<rect x="{x}" y="{176 - tall}" width="24" height="{tall}" fill="{ink if (seed >> number) & 1 else soft}"/>'
    yield _line(24, 178, 296, 178, ink, 4)


def _people(seed: int, ink: str, soft: str) -> Iterator[str]:
    """People together."""
    for number in range(5):
        x, fill = 60 + number * 50, ink if (seed >> number) & 1 else soft
        yield _circle(x, 86, 16, fill) + f'<path d="M{x - 26} 160q0-48 26-48t26 48Z" fill="{fill}"/>'


def _house(seed: int, ink: str, soft: str) -> Iterator[str]:
    """Houses of a district."""
    for number in range(4):
        x, tall = 36 + number * 66, 50 + (seed >> number) % 4 * 12
        yield f'<path d="M{x} 176V{176 - tall}l26-24 26 24v{tall}Z" fill="{ink if number % 2 else soft}"/>'
    yield _line(20, 178, 300, 178, ink, 3)


def _rings(seed: int, ink: str, soft: str) -> Iterator[str]:
    """Circles that meet."""
    for number in range(4):
        yield f'<circle cx="{90 + number * 46}" cy="{100 + (-1) ** number * (8 + seed % 10)}" r="44" fill="none" stroke="{ink if number % 2 else soft}" stroke-width="5"/>'


def _mountains(seed: int, ink: str, soft: str) -> Iterator[str]:
    """A landscape."""
    peak = seed % 30
    yield f'<path d="M0 176 70 {90 + peak} 130 150 196 {56 + peak} 320 176Z" fill="{soft}"/><path d="M60 176 150 {110 + peak} 210 160 262 {116 + peak} 320 176Z" fill="{ink}"/>'
    yield _circle(258, 48, 18, ink)


MOTIFS: dict[str, Motif] = {
    "calligraphy": _character, "health": _pulse, "computing": _dots, "gardening": _leaves, "language": _waves, "business": _bars,
    "engineering": _gears, "literature": _pages, "society": _people, "community": _house, "arts": _rings, "environment": _mountains,
}  # fmt: skip
