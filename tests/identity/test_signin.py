"""Signing up and in by phone and by e-mail, and everything that is refused there."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from identity.api import Role, User
from tests.factories.identity import MembershipFactory, UserFactory, person_as

pytestmark = pytest.mark.django_db
PASSWORD = "a-long-password-7"


@pytest.fixture
def messages(settings):
    """Text messages that went out."""
    sent = []

    class Gateway:
        def send(self, to, text):
            sent.append((to, text))

    from identity.signin import sms

    settings.SMS_BACKEND = "tests.identity.test_signin.Gateway"
    globals()["Gateway"] = Gateway
    assert sms
    return sent


def _code(text: str) -> str:
    return re.search(r"\b([0-9A-Z][0-9A-Z-]{4,9})\b", text).group(1)


def test_a_person_signs_up_with_a_phone_number_and_confirms_it_with_a_code(client, messages):
    answer = client.post(
        reverse("account_signup"), {"phone": "１３８ 1234 5678", "name": "欧阳  䶮", "email": "", "password1": PASSWORD}, follow=True
    )
    assert [to for to, _text in messages] == ["+8613812345678"]
    assert answer.redirect_chain[-1][0].startswith("/accounts/phone/verify")

    client.post(answer.redirect_chain[-1][0], {"code": _code(messages[0][1])})

    person = User.objects.get(phone="+8613812345678")
    assert (person.name, person.phone_verified, person.email, person.is_active) == ("欧阳 䶮", True, None, True)
    assert client.get("/my/").status_code == 200


def test_a_wrong_code_confirms_nothing_and_says_so(client, messages):
    answer = client.post(reverse("account_signup"), {"phone": "13812345678", "name": "李雷", "password1": PASSWORD}, follow=True)

    again = client.post(answer.redirect_chain[-1][0], {"code": "000000"})

    assert again.status_code == 200
    assert "field-error" in again.content.decode() or "errorlist" in again.content.decode() or "error" in again.content.decode()
    assert not User.objects.filter(phone="+8613812345678", phone_verified=True).exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("phone", "12"), ("phone", "不是号码"), ("phone", "1" * 200), ("phone", "+999999999999999"), ("name", ""), ("name", "   "), ("name", "x" * 51),
        ("name", "<script>"), ("name", "a\x00b"), ("password1", "123"), ("password1", "password"), ("email", "keine-adresse"),
    ],
)  # fmt: skip
def test_bad_sign_up_keeps_what_was_typed_and_makes_nobody(client, messages, field, value):
    data = {"phone": "13812345678", "name": "韩梅梅", "email": "han@example.org", "password1": PASSWORD} | {field: value}

    answer = client.post(reverse("account_signup"), data)

    assert answer.status_code in {200, 400}
    page = answer.content.decode()
    kept = {"phone": "13812345678", "name": "韩梅梅", "email": "han@example.org"}
    assert all(f'value="{text}"' in page for name, text in kept.items() if name != field)
    assert PASSWORD not in page
    assert (User.objects.count(), messages) == (0, [])


def test_a_person_signs_in_by_email_whatever_the_case_and_by_phone_however_it_is_written(client):
    UserFactory(email="lin@example.org", phone="+8613800001111", phone_verified=True, password=PASSWORD)

    for login in ("LIN@example.org", "13800001111", "+86 138-0000-1111", "１３８00001111"):
        client.logout()
        answer = client.post(reverse("account_login"), {"login": login, "password": PASSWORD})
        assert (login, answer.status_code) == (login, 302)
        assert client.get("/my/").status_code == 200


def test_a_wrong_password_and_an_unknown_person_get_the_same_words(client):
    UserFactory(email="lin@example.org", password=PASSWORD)

    texts = []
    for login in ("lin@example.org", "nobody@example.org"):
        page = client.post(reverse("account_login"), {"login": login, "password": "wrong"}).content.decode()
        assert login in page
        found = re.search(r'class="(?:error-summary|errors)[^>]*>(.*?)</(?:div|section)>', page, re.DOTALL)
        texts.append(re.sub(r"\s+|<[^>]+>", "", found.group(1) if found else page.replace(login, "")))

    assert texts[0] == texts[1]
    assert client.get("/my/").status_code == 302


def test_guessing_is_slowed_down_and_the_right_password_waits_too(client):
    UserFactory(email="lin@example.org", password=PASSWORD)
    for _ in range(5):
        client.post(reverse("account_login"), {"login": "lin@example.org", "password": "wrong"})

    client.post(reverse("account_login"), {"login": "Lin@example.org", "password": PASSWORD})

    assert client.get("/my/").status_code == 302


def test_a_code_by_email_signs_in_and_an_empty_request_is_asked_to_be_filled(client):
    UserFactory(email="lin@example.org")

    empty = client.post(reverse("account_request_login_code"), {})
    assert (empty.status_code, "请填写手机号或电子邮箱" in empty.content.decode()) == (200, True)

    answer = client.post(reverse("account_request_login_code"), {"email": "lin@example.org"}, follow=True)
    client.post(answer.redirect_chain[-1][0], {"code": _code(mail.outbox[-1].body)})
    assert client.get("/my/").status_code == 200


def test_a_deactivated_person_does_not_come_in(client):
    person = UserFactory(email="gone@example.org", password=PASSWORD)
    client.force_login(person)
    User.objects.filter(pk=person.pk).update(is_active=False)

    assert client.get("/my/").status_code == 302
    client.post(reverse("account_login"), {"login": "gone@example.org", "password": PASSWORD})
    assert client.get("/my/").status_code == 302


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "http:///evil.example", "javascript:alert(1)"]
)
def test_signing_in_leads_nowhere_else(client, target):
    UserFactory(email="lin@example.org", password=PASSWORD)

    answer = client.post(reverse("account_login") + f"?next={target}", {"login": "lin@example.org", "password": PASSWORD, "next": target})

    assert answer.status_code == 302
    assert answer["Location"] == "/my/"


@pytest.mark.parametrize(
    ("address", "target"), [("/cms/login/?next=/cms/pages/", "/accounts/login/?next=%2Fcms%2Fpages%2F"), ("/cms/password_reset/", "/accounts/password/reset/")]
)  # fmt: skip
def test_the_editors_own_doors_lead_to_the_common_one(client, address, target):
    assert client.get(address)["Location"] == target
    assert client.post(address, {"username": "x", "password": "y"})["Location"] == target


def test_one_acts_in_one_chosen_role_and_an_ended_one_is_gone_at_once(client):
    person = person_as(Role.CREDIT_OFFICER)
    second = MembershipFactory(person=person, role=Role.SCHOOL_ADMINISTRATOR)
    client.force_login(User.objects.get(pk=person.pk))
    assert client.get("/desk/").status_code == 200

    client.post(reverse("identity:act_as"), {"membership": second.pk})
    assert client.get("/desk/").status_code == 403
    assert client.get(reverse("identity:members", args=[second.institution.code])).status_code == 200

    second.ends_on = timezone.localdate() - timedelta(days=1)
    second.save()
    assert client.get(reverse("identity:members", args=[second.institution.code])).status_code == 403


@pytest.mark.parametrize("membership", ["999999", "-1", "abc", "9" * 40, "\x00", ""])
def test_a_role_that_is_not_ones_own_cannot_be_chosen(client, membership):
    person = person_as(Role.CREDIT_OFFICER)
    client.force_login(User.objects.get(pk=person.pk))

    answer = client.post(reverse("identity:act_as"), {"membership": membership})

    assert answer.status_code in {302, 400, 404}
    assert client.get("/desk/").status_code == 200


def test_settings_are_kept_and_bad_ones_refused_with_what_was_typed(client):
    person = UserFactory(name="林晓雯")
    client.force_login(person)
    good = {"name": "林 晓雯", "language": "en", "text_size": "large", "theme": "dark", "elder_mode": "on"}

    assert client.post(reverse("identity:settings"), good).status_code == 302
    person.refresh_from_db()
    assert (person.name, person.language, person.text_size, person.theme, person.elder_mode) == ("林 晓雯", "en", "large", "dark", True)

    bad = client.post(reverse("identity:settings"), good | {"name": "<b>", "theme": "pink"})
    person.refresh_from_db()
    assert bad.status_code in {200, 400}
    assert "&lt;b&gt;" in bad.content.decode()
    assert (person.name, person.theme) == ("林 晓雯", "dark")


def test_an_email_address_is_enough_and_nothing_at_all_is_not(client, messages):
    nothing = client.post(reverse("account_signup"), {"phone": "", "name": "韩梅梅", "email": "", "password1": PASSWORD})
    assert (nothing.status_code in {200, 400}, User.objects.count()) == (True, 0)
    assert "请填写手机号或电子邮箱" in nothing.content.decode()

    client.post(reverse("account_signup"), {"phone": "", "name": "韩梅梅", "email": "han@example.org", "password1": PASSWORD})

    assert (User.objects.get().email, User.objects.get().phone) == ("han@example.org", None)
    client.logout()
    assert client.post(reverse("account_login"), {"login": "han@example.org", "password": PASSWORD})["Location"] == "/my/"
