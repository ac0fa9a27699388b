"""The wording of notices: a code and its text in both languages; the row keeps code and data, so the reader's language decides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class NoticeText:
    """Title and body with ``{placeholders}``, in both languages."""

    zh: tuple[str, str]
    en: tuple[str, str]

    def render(self, language: str, data: dict[str, Any]) -> tuple[str, str]:
        """Title and body for a reader; a placeholder without a value stays visible as a dash rather than failing."""
        title, body = self.en if language.startswith("en") else self.zh
        values = _Forgiving({key: _pick(value, language) for key, value in data.items()})
        return title.format_map(values), body.format_map(values)


class _Forgiving(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "—"


def _pick(value: Any, language: str) -> Any:
    """A value may itself come in two languages: {"zh": …, "en": …}."""
    if isinstance(value, dict):
        return value.get("en" if language.startswith("en") else "zh") or value.get("zh") or value.get("en") or ""
    return value


_texts: dict[str, NoticeText] = {}


def register_notice(code: str, *, zh: tuple[str, str], en: tuple[str, str]) -> None:
    """Declare the wording of one kind of notice; ``code`` is ``part.event`` and stays stable."""
    _texts[code] = NoticeText(zh, en)


def notice_text(code: str) -> NoticeText:
    """The wording of a code. Raises LookupError for a code nobody declared."""
    try:
        return _texts[code]
    except KeyError as error:
        raise LookupError(f"No text is registered for the notice {code!r}.") from error


def registered_notices() -> dict[str, NoticeText]:
    """A copy of all wordings, for the test that each has both languages."""
    return dict(_texts)
