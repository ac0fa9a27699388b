"""From an uploaded file to what is kept: told by its first bytes, bounded, and pictures without their metadata."""

from __future__ import annotations

import io
from dataclasses import dataclass

from PIL import Image, ImageOps, UnidentifiedImageError

from creditbank.recognition.exceptions import BadFile

LARGEST_BYTES = 10 * 1024 * 1024
MOST_PIXELS = 50_000_000
"""More than any phone takes; checked before a pixel is decoded."""
QUALITY = 90
SIGNATURES = ((b"%PDF-", "application/pdf"), (b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png"))
FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG"}


@dataclass(frozen=True)
class KeptFile:
    """A file as it is stored."""

    content: bytes
    filename: str
    media_type: str


def clean_file(content: bytes, filename: str) -> KeptFile:
    """The file as it may be kept. Raises BadFile: size, kind (not PDF, JPEG or PNG by its content), pixels."""
    if not content or len(content) > LARGEST_BYTES:
        raise BadFile("size")
    media_type = next((kind for signature, kind in SIGNATURES if content.startswith(signature)), "")
    if not media_type:
        raise BadFile("kind")
    if media_type in FORMATS:
        content = _without_metadata(content, FORMATS[media_type])
    return KeptFile(content, _plain_name(filename), media_type)


def _without_metadata(content: bytes, form: str) -> bytes:
    """The picture drawn anew, upright, without place, time and camera."""
    try:
        with Image.open(io.BytesIO(content), formats=[form]) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise BadFile("pixels")
            upright = ImageOps.exif_transpose(picture)
            if form == "JPEG" and upright.mode not in {"RGB", "L"}:
                upright = upright.convert("RGB")
            bare = Image.new(upright.mode, upright.size)
            bare.paste(upright)
            if upright.mode == "P" and (palette := upright.getpalette()):
                bare.putpalette(palette)
            kept = io.BytesIO()
            bare.save(kept, format=form, **({"quality": QUALITY} if form == "JPEG" else {}))
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError) as error:
        raise BadFile("kind") from error
    return kept.getvalue()


def _plain_name(filename: str) -> str:
    """A name without folders and control characters, at most 100 long."""
    name = filename.replace("\\", "/").rsplit("/", maxsplit=1)[-1]
    return "".join(sign for sign in name if sign.isprintable())[-100:] or "file"
