from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from foundation.api import CreditSystem, Level, LevelFramework


@pytest.mark.django_db
@pytest.mark.parametrize("hours", [("18", "16", "18"), ("16", "18", "17"), ("0", "16", "18")])
def test_the_hours_of_a_credit_stand_in_order(hours):
    low, nominal, high = map(Decimal, hours)

    with pytest.raises(IntegrityError), transaction.atomic():
        CreditSystem.objects.create(
            code="X",
            name_zh="甲",
            name_en="X",
            category="academic",
            hours_min=low,
            hours_nominal=nominal,
            hours_max=high,
            step=Decimal("0.5"),
        )

    assert not CreditSystem.objects.filter(code="X").exists()


@pytest.mark.django_db
def test_a_rank_stands_once_on_a_ladder():
    ladder = LevelFramework.objects.create(code="T", name_zh="梯", name_en="Ladder")
    Level.objects.create(framework=ladder, code="T1", rank=1, name_zh="一级", name_en="Level 1")

    with pytest.raises(IntegrityError), transaction.atomic():
        Level.objects.create(framework=ladder, code="T2", rank=1, name_zh="二级", name_en="Level 2")

    assert list(ladder.levels.values_list("code", flat=True)) == ["T1"]
