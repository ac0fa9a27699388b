"""From a page's sections to the manifest kept in a version, and from a manifest to what learners read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import nh3

from cms.library.exceptions import ContentWithoutIds
from cms.library.registries import public_form_of, register_block_snapshot, snapshot_of
from cms.library.types import BlockContent, CourseContent, SectionContent, UnitContent

ALLOWED_TAGS = {"h3", "h4", "p", "b", "strong", "i", "em", "ul", "ol", "li", "blockquote", "hr", "br", "a", "code", "sup", "sub"}


def clean_html(html: str) -> str:
    """Markup as it may be shown: a short list of tags, links that leave without a trace, nothing that runs."""
    return nh3.clean(html, tags=ALLOWED_TAGS, attributes={"a": {"href"}}, url_schemes={"http", "https", "mailto", "tel"})


def manifest_of(page: Any) -> dict[str, Any]:
    """Everything of a course as it is now: sections, units and blocks with their ids, and a snapshot of all that they refer to.

    Raises ContentWithoutIds where an id is missing: a nested block without one would get another at every reading.
    """
    return {"title": page.title, "sections": [_section(child) for child in page.body]}


def _section(child: Any) -> dict[str, Any]:
    units = child.value["units"]
    return {
        "id": _identified(child),
        "title": child.value["title"],
        "summary": child.value["summary"],
        "units": [_unit(item) for item in units.bound_blocks],
    }


def _unit(item: Any) -> dict[str, Any]:
    value = item.value
    return {
        "id": _identified(item),
        "title": value["title"],
        "minutes": value["minutes"],
        "required": bool(value["required"]),
        "sample": bool(value["sample"]),
        "blocks": [
            {"id": _identified(block), "type": block.block_type, "value": snapshot_of(block.block_type, block.value)}
            for block in value["content"]
        ],
    }


def _identified(child: Any) -> str:
    if not child.id:
        raise ContentWithoutIds
    return str(child.id)


def hash_of(manifest: dict[str, Any]) -> str:
    """SHA-256 over the canonical form of a manifest."""
    canonical = json.dumps(manifest, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def content_of(manifest: dict[str, Any]) -> CourseContent:
    """The manifest as learners' pages read it; what the server keeps to itself (quiz keys) is not in it."""
    sections = tuple(
        SectionContent(
            id=section["id"], title=section["title"], summary=section["summary"], units=tuple(map(_unit_content, section["units"]))
        )
        for section in manifest["sections"]
    )
    return CourseContent(title=manifest["title"], sections=sections)


def _unit_content(unit: dict[str, Any]) -> UnitContent:
    return UnitContent(
        id=unit["id"], title=unit["title"], minutes=unit["minutes"], required=unit["required"], sample=unit["sample"],
        blocks=tuple(BlockContent(block["id"], block["type"], public_form_of(block["type"], block["value"])) for block in unit["blocks"]),
    )  # fmt: skip


def blocks_in(manifest: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every block of a manifest."""
    for section in manifest["sections"]:
        for unit in section["units"]:
            yield from unit["blocks"]


def document_ids(manifest: dict[str, Any]) -> set[int]:
    """Ids of all files that a manifest shows."""
    return {
        value[name]["id"]
        for block in blocks_in(manifest)
        for value in [block["value"]]
        for name in ("file", "captions")
        if isinstance(value.get(name), dict)
    }


def _text(value: Any) -> dict[str, Any]:
    return {"html": clean_html(value.source)}


def _image(value: Any) -> dict[str, Any]:
    image = value["image"]
    return {"image_id": image.pk, "file_hash": image.file_hash, "alt": value["alt"], "caption": value["caption"]}


def _document(document: Any) -> dict[str, Any] | None:
    if document is None:
        return None
    facts = {"id": document.pk, "title": document.title, "filename": document.filename, "url": document.url}
    return {**facts, "size": document.file_size or 0, "file_hash": document.file_hash}


def _media(value: Any) -> dict[str, Any]:
    captions = value.get("captions") if hasattr(value, "get") else None
    return {
        "title": value["title"], "file": _document(value["file"]), "captions": _document(captions), "transcript": value.get("transcript", ""),
    }  # fmt: skip


def _drawing(value: Any) -> dict[str, Any]:
    return {"name": value["name"], "alt": value["alt"], "caption": value["caption"]}


register_block_snapshot("text", _text)
register_block_snapshot("image", _image)
register_block_snapshot("drawing", _drawing)
register_block_snapshot("video", _media)
register_block_snapshot("audio", _media)
register_block_snapshot("document", lambda value: {"title": value["title"], "file": _document(value["file"])})
