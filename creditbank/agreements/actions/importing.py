"""A new draft out of files."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db import transaction

from creditbank.agreements.actions.drafting import BookSettings, store_version
from creditbank.agreements.files import BOOK_TABLES, read_book
from creditbank.agreements.models import RuleBook, RuleBookVersion
from creditbank.catalogue.uploads import read_uploads
from creditbank.rules.exceptions import BadRule
from creditbank.rules.files.cells import BadFiles, Problem, Problems
from creditbank.rules.files.complaints import Complaint


@transaction.atomic
def import_version(book: RuleBook, files: Iterable[tuple[str, bytes]], *, valid_from: date, actor: Any, notes: str = "") -> RuleBookVersion:
    """A new draft from uploaded files (name and content): rules, limits, examples, settings; other tables in them are passed over.

    All or nothing: raises BadFiles with every complaint, each with file, row and column.
    """
    problems = Problems()
    found = read_book(read_uploads(files, problems, only=BOOK_TABLES), problems)
    try:
        return store_version(
            book, rules=found.rules, limits=found.limits, sources=found.sources, examples=found.examples, valid_from=valid_from, actor=actor,
            notes=notes, settings=BookSettings(**found.settings),
        )  # fmt: skip
    except BadRule as error:
        raise BadFiles([Problem("rules", 0, "", Complaint("not_a_rule", why=error))]) from error
