"""Foreign keys are strings, so import contracts cannot see them: their direction is checked here."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import models

FLOORS = ["foundation", "identity", "cms", "learning", "creditbank", "seeds"]


def _own_models() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if model._meta.app_label in FLOORS]


def _relations() -> list[tuple[type[models.Model], models.Field]]:
    return [
        (model, field)
        for model in _own_models()
        for field in model._meta.get_fields()
        if isinstance(field, (models.ForeignKey, models.ManyToManyField)) and not field.auto_created
    ]


def test_no_relation_points_to_a_higher_floor():
    upward = [
        f"{model._meta.label}.{field.name} -> {field.related_model._meta.label}"
        for model, field in _relations()
        if field.related_model._meta.app_label in FLOORS
        and FLOORS.index(field.related_model._meta.app_label) > FLOORS.index(model._meta.app_label)
    ]

    assert upward == []


def test_relations_to_lower_floors_leave_no_reverse_name_behind():
    named = [
        f"{model._meta.label}.{field.name}"
        for model, field in _relations()
        if field.related_model._meta.app_label != model._meta.app_label
        and field.model is model
        and field.related_model._meta.app_label in FLOORS
        and not (field.remote_field.related_name or "").endswith("+")
    ]

    assert named == []


@pytest.mark.parametrize("model", _own_models(), ids=lambda model: model._meta.label)
def test_every_model_says_whether_it_holds_personal_data(model):
    inherited = model.__doc__ == f"{model.__name__}({', '.join(field.name for field in model._meta.fields)})"
    generated = model._meta.auto_created

    assert generated or (not inherited and "Personal data:" in (model.__doc__ or ""))
