"""Pages of rules before they are published: the editor, and what a draft would change for everybody."""

from creditbank.simulation.views.editor import (
    change_draft,
    edit_limit,
    edit_rule,
    editor,
    new_example,
    remove_example,
    remove_limit,
    remove_rule,
)
from creditbank.simulation.views.runs import learners, run, simulate

__all__ = [
    "change_draft",
    "edit_limit",
    "edit_rule",
    "editor",
    "learners",
    "new_example",
    "remove_example",
    "remove_limit",
    "remove_rule",
    "run",
    "simulate",
]
