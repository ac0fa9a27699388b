"""Both languages are complete: every string in code and templates has its Chinese, and no catalogue keeps what nobody uses."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import polib
from django.utils.translation import templatize

from config.catalogues import catalogue_files
from foundation.api import registered_notices

ROOT = Path(__file__).resolve().parent.parent.parent
APPS = ["config", "foundation", "identity", "cms", "learning", "creditbank", "seeds"]
MARKERS = {
    "_",
    "_now",
    "gettext",
    "gettext_lazy",
    "gettext_noop",
    "ngettext",
    "ngettext_lazy",
    "pgettext",
    "pgettext_lazy",
    "npgettext_lazy",
}

TRANSLATED = re.compile(r"""\{%-?\s*trans(?:late)?\s+"([^"]*)\"""")
"""The text of a translate tag, also where it is the last on its line."""


def _strings(tree: ast.AST) -> set[str]:
    """First plain string of each marked call (the second one of those with a context)."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args:
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            position = 1 if name.startswith(("pgettext", "npgettext")) else 0
            if name in MARKERS and len(node.args) > position and isinstance(node.args[position], ast.Constant):
                found.add(str(node.args[position].value))
    return found


@cache
def _used() -> dict[str, str]:
    used: dict[str, str] = {}
    for app in APPS:
        for path in (ROOT / app).rglob("*.py"):
            if "migrations" not in path.parts:
                used |= dict.fromkeys(_strings(ast.parse(path.read_text("utf-8"))), str(path.relative_to(ROOT)))
    for path in (ROOT / "templates").rglob("*.*"):
        if path.suffix in {".html", ".txt"}:
            source = path.read_text("utf-8")
            used |= dict.fromkeys(TRANSLATED.findall(source), str(path.relative_to(ROOT)))
            code = templatize(source, origin=str(path))
            lines = "\n".join(line.strip() for line in code.splitlines())
            used |= dict.fromkeys(_template_strings(lines), str(path.relative_to(ROOT)))
    return used


def _template_strings(code: str) -> set[str]:
    """templatize leaves calls such as gettext(u'…') among lines of X; pick the calls out one by one."""
    import re

    found = set()
    for match in re.finditer(r"\b(n?p?n?gettext)\((.*?)\)(?=\s)", code + " ", re.DOTALL):
        try:
            call = ast.parse(f"{match.group(1)}({match.group(2)})", mode="eval")
        except SyntaxError:
            continue
        found |= _strings(call)
    return found


def _catalogue() -> dict[str, str]:
    entries: dict[str, str] = {}
    for path in catalogue_files():
        for entry in polib.pofile(str(path), encoding="utf-8"):
            text = entry.msgstr or "".join(entry.msgstr_plural.values())
            if text and "fuzzy" not in entry.flags:
                entries[entry.msgid] = text
    return entries


def _framework() -> set[str]:
    """What Django, Wagtail and allauth bring in Chinese themselves."""
    import allauth
    import django
    import wagtail

    known = set()
    for package in (django, wagtail, allauth):
        for path in Path(package.__file__).parent.rglob("zh_Hans/LC_MESSAGES/django.po"):
            known |= {entry.msgid for entry in polib.pofile(str(path)) if entry.translated()}
    return known


def test_every_text_has_its_chinese():
    known = set(_catalogue()) | _framework()

    missing = {text: place for text, place in _used().items() if text.strip() and text not in known and any(c.isalpha() for c in text)}

    assert missing == {}


PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|(?<!\{)\{\w+\}")


def test_placeholders_survive_translation():
    """Chinese has one form for all numbers: it stands for the plural, which names the number where the singular may not."""
    broken = [
        entry.msgid
        for path in catalogue_files()
        for entry in polib.pofile(str(path), encoding="utf-8")
        for text in [entry.msgstr or "".join(entry.msgstr_plural.values())]
        if text and set(PLACEHOLDER.findall(text)) != set(PLACEHOLDER.findall(entry.msgid_plural or entry.msgid))
    ]

    assert broken == []


def test_every_notice_is_worded_in_both_languages():
    notices = registered_notices()

    assert notices
    assert [code for code, text in notices.items() if not all([*text.zh, *text.en]) or text.zh == text.en] == []
