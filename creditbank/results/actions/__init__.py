"""Uploading results: read, confirm, release by a second person, undo by two."""

from creditbank.results.actions.applying import enter_rows, undo_rows
from creditbank.results.actions.resuming import resume_batches
from creditbank.results.actions.steps import (
    answer_undo,
    ask_to_undo,
    discard_batch,
    go_on,
    release_batch,
    submit_batch,
    upload_results,
)
from creditbank.results.actions.taking import read_batch

__all__ = [
    "answer_undo",
    "ask_to_undo",
    "discard_batch",
    "enter_rows",
    "go_on",
    "read_batch",
    "release_batch",
    "resume_batches",
    "submit_batch",
    "undo_rows",
    "upload_results",
]
