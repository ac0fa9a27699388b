"""The open university's own learning platform writes to the record store: known learners, one who waits, one mistake."""

from __future__ import annotations

import random
from datetime import datetime, time, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from django.utils import timezone

from identity.api import Institution, User, link_learner_number
from learning.api import create_key, note_refusal, register_home, take_statements
from seeds.city import City

HOME = "https://moodle.jlou.example"
ADL = "http://adlnet.gov/expapi/verbs/"
LEARNER = "20240117"
OTHERS = ("20240203", "20240351", "20250018")
LESSONS = (
    ("experienced", "社区照护案例讨论", "Discussing a case of care", {"duration": "PT25M"}),
    ("completed", "静脉输液操作规范", "Intravenous infusion", {"completion": True, "duration": "PT35M"}),
    ("passed", "老年照护情境考核", "Care of the elderly: practical test", {"score": {"scaled": 0.91}, "success": True}),
    ("experienced", "护理文书书写", "Writing nursing notes", {"duration": "PT18M"}),
)
DAYS = 24


def fill_store(city: City) -> None:
    """Build it, or find it built."""
    institution = Institution.objects.get(code="JLOU")
    now = timezone.now()
    if register_home(institution, HOME, actor=None, at=now).created_at != now:
        return
    key, _secret = create_key("开放大学 Moodle 平台", institution=institution, scopes=None, actor=None, at=now)
    chance = random.Random("store")
    take_statements([_statement(city, chance, number) for number in range(120)], key=key)
    link_learner_number(User.objects.get(email="lin@demo.example"), institution, LEARNER, actor=None, at=now)
    note_refusal(
        key, method="POST", resource="statements", status=400, part="statements[3].result.score.scaled",
        reason="statements[3].result.score.scaled: lies outside of -1 … 1", at=now - timedelta(hours=5),
    )  # fmt: skip


def _statement(city: City, chance: random.Random, number: int) -> dict[str, Any]:
    verb, zh, en, result = LESSONS[number % len(LESSONS)]
    day = city.today - timedelta(days=1 + chance.randrange(DAYS))
    happened = timezone.make_aware(datetime.combine(day, time(8 + chance.randrange(13), chance.randrange(60))))
    name = LEARNER if number % 9 == 0 else chance.choice(OTHERS)
    return {
        "id": str(uuid5(NAMESPACE_URL, f"{HOME}/statement/{number}")),
        "actor": {"objectType": "Agent", "account": {"homePage": HOME, "name": name}},
        "verb": {"id": f"{ADL}{verb}", "display": {"zh-CN": verb, "en": verb}},
        "object": {"id": f"{HOME}/unit/{number % len(LESSONS)}", "definition": {"name": {"zh-CN": zh, "en": en}}},
        "result": result,
        "timestamp": happened.isoformat(),
    }
