"""Migrating an empty database in half of the time: ``python -m config.migrating``.

Before every operation Django draws the changed model anew, and with it every model that is joined to it over any number of steps: in a
project in which everything hangs on a person and an institution, nearly all of them, thirty thousand times in one ``migrate``. An operation
that adds something looks at the changed model and at what points to it directly, so here only these are drawn anew. Operations that change
or remove fields and models keep Django's own way, and Python functions in migrations still begin with all models drawn afresh.

The schema comes out the same to the last byte, on both databases (``tests/test_migrating.py``, in ``make soak``). The demo city and the
tests use this; an installation is migrated by Django's ``migrate`` alone.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db.migrations.state import ProjectState

Key = tuple[str, str]
WIDELY = ("alter_field", "remove_field", "rename_field", "rename_model", "remove_model")
"""Changes of the state that may reach models further away; they keep Django's own way."""


def _joined_directly(state: ProjectState, app_label: str, model_name: str, delay: bool = False) -> set[Key]:  # noqa: FBT001, FBT002  Django's signature
    """The model itself, what inherits from it and what points to it."""
    state.is_delayed = True  # so that a Python function in a migration begins with all models drawn afresh
    found = {(app_label, model_name)}
    try:
        changed = state.apps.get_model(app_label, model_name)
    except LookupError:
        return found
    heirs = [changed]
    while heirs:
        for heir in heirs.pop().__subclasses__():
            key = (heir._meta.app_label, heir._meta.model_name)
            if not heir._meta.abstract and key not in found:
                found.add(key)
                heirs.append(heir)
    pointing = (relation.related_model._meta for relation in changed._meta.related_objects)
    return found | {(meta.app_label, meta.model_name) for meta in pointing}


@contextmanager
def drawing_little() -> Iterator[None]:
    """Let ``migrate`` draw only what an operation looks at, for the time of the block."""
    stock: dict[str, Callable[..., Any]] = {name: getattr(ProjectState, name) for name in ("_find_reload_model", *WIDELY)}

    def widely(name: str) -> Callable[..., Any]:
        def change(state: ProjectState, *args: Any, **kwargs: Any) -> Any:
            ProjectState._find_reload_model = stock["_find_reload_model"]  # type: ignore[attr-defined]
            try:
                return stock[name](state, *args, **kwargs)
            finally:
                ProjectState._find_reload_model = _joined_directly  # type: ignore[attr-defined]

        return change

    for name in WIDELY:
        setattr(ProjectState, name, widely(name))
    ProjectState._find_reload_model = _joined_directly  # type: ignore[attr-defined]
    try:
        yield
    finally:
        for name, method in stock.items():
            setattr(ProjectState, name, method)


def main() -> None:
    """Migrate the database of the settings."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.demo")
    import django  # noqa: PLC0415  the settings module is chosen in the line above
    from django.core.management import call_command  # noqa: PLC0415

    django.setup()
    gc.freeze()  # classes are made and dropped in tens of thousands; looking through everything else for garbage finds none
    gc.set_threshold(50_000, 20, 20)
    with drawing_little():
        call_command("migrate", verbosity=0, interactive=False)


if __name__ == "__main__":
    main()
