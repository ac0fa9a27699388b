"""Every kind of page, as every kind of reader: no axe violation, no sideways scrolling, no message on the console, no English in Chinese."""

from __future__ import annotations

from pathlib import Path

import axe_playwright_python
import pytest

from tests.city import ROOT

pytestmark = [pytest.mark.browser]

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
RUN_AXE = """axe.run(document, {resultTypes: ['violations']}).then(
  result => result.violations.map(one => one.id + ': ' + one.nodes.slice(0, 3).map(node => node.html).join(' | '))
)"""
PAGES = [
    ("-", "/"), ("-", "/courses/"), ("-", "/courses/?q=护理&kind=higher"), ("-", "/courses/?q=没有这样的课"), ("-", "/schools/jlou/jlou-med101/"),
    ("-", "/institutions/"), ("-", "/institutions/JLOU/"), ("-", "/convert/?have=JLHV:NUR101&have=JLSA:CERT4&score=80"), ("-", "/rules/"), ("-", "/convert/"), ("-", "/convert/?q=护理"),
    ("-", "/convert/towards/?programme=NUR-A-2026"), ("-", "/convert/towards/?q=基础护理"), ("lin", "/convert/?mine=1"), ("lin", "/my/plan/"), ("lin", "/my/plan/?to=NUR-A-2026"),
    ("-", "/rules/JLOU/v1/"), ("-", "/verify/"), ("-", "/verify/?code=ABCD-EFGH-JKLM"), ("-", "/help/"), ("-", "/accounts/login/"),
    ("-", "/accounts/signup/"), ("-", "/demo/"), ("-", "/nothing-here/"), ("-", "/api/v1/docs"),
    ("lin", "/"), ("lin", "/my/"), ("lin", "/my/archive/"), ("lin", "/my/archive/new/"), ("lin", "/my/credits/"), ("lin", "/my/applications/"),
    ("lin", "/my/applications/new/"), ("lin", "/my/applications/new/CARE-A-2026/"), ("lin", "/my/applications/RC-2025-0001/"), ("lin", "/my/transcript/"),
    ("lin", "/my/notices/"), ("lin", "/my/settings/"), ("lin", "/my/settings/erasure/"), ("lin", "/my/settings/data/"), ("lin", "/my/settings/identity-card/"), ("ops", "/ops/erasures/"), ("zhou", "/desk/"), ("zhou", "/desk/cases/RC-2025-0001/"), ("zhou", "/desk/deposits/"),
    ("zhou", "/desk/exceptions/"), ("zhou", "/desk/exceptions/new/"), ("zhou", "/desk/policy/"), ("zhou", "/desk/reports/"),
    ("zhou", "/desk/standings/"), ("he", "/desk/spot-checks/"), ("zhou", "/desk/mergers/"), ("zhou", "/desk/catalogue/"), ("-", "/convert/file/"),
    ("lin", "/my/applications/new/CARE-A-2026/evidence/"),
    ("zhou", "/desk/rulebooks/"), ("zhou", "/desk/rulebooks/JLOU/edit/"), ("zhou", "/desk/rulebooks/JLOU/edit/rules/JLOU-NUR-014/"),
    ("zhou", "/desk/rulebooks/JLOU/edit/limits/new/"), ("zhou", "/desk/results/"), ("feng", "/institutions/JLOU/tokens/"), ("zhao", "/library/"), ("zheng", "/teach/"), ("ops", "/ops/institutions/"), ("feng", "/institutions/JLOU/members/"),
    ("-", "/accounts/password/reset/"), ("-", "/accounts/login/code/"), ("-", "/courses/?q=急救&credit=yes&page=1"), ("-", "/schools/jlou/"),
    ("lin", "/accounts/2fa/"), ("lin", "/accounts/email/"), ("lin", "/accounts/password/change/"), ("lin", "/accounts/sessions/"),
    ("lin", "/accounts/phone/change/"), ("chen", "/accounts/logout/"), ("chen", "/my/applications/new/ADM-B-2026/"), ("zheng", "/teach/courses/"),
    ("ops", "/desk/"), ("-", "/demo/mailbox/"), ("lin", "/my/archive/activity/"), ("feng", "/institutions/JLOU/store/"), ("ops", "/ops/health/"), ("ops", "/ops/"), ("gao", "/ops/audit/?area=recognition"), ("zhou", "/desk/issued/"), ("he", "/desk/corrections/"), ("gao", "/ops/books/"), ("lin", "/my/credits/?since=2020-01-01"),
    ("lin", "/my/credits/show/"), ("lin", "/my/certificates/"), ("chen", "/my/certificates/"), ("lin", "/my/credits/statement/"), ("zhou", "/desk/certificates/"),
    ("feng", "/desk/submissions/JLOU/"), ("gao", "/desk/cases/RC-2025-0001/"), ("-", "/log/"),
]  # fmt: skip
BEHIND = [
    ("chen", "/my/", "main a[href*='/learn/']"), ("lin", "/my/archive/", "main .rec a[href*='/my/archive/'], main li a[href*='/my/archive/']"),
    ("lin", "/my/transcript/", "main a[href*='/my/transcript/']"), ("zheng", "/teach/", "main a[href*='/teach/']"),
    ("zheng", "/teach/courses/", "main a[href*='/open/']"), ("zhao", "/library/", "main a[href*='/library/']"),
    ("-", "/help/", "main a[href^='/'], footer a[href*='privacy']"), ("-", "/schools/jlem/jlem-aid101/", "main a[href*='/learn/']"),
    ("zhou", "/desk/certificates/", "main a[href*='/desk/certificates/']"), ("ma", "/desk/?programme=ADM-B-2026", "main tbody a"),
    ("zhou", "/desk/?state=checking", "main tbody a"), ("zhou", "/desk/?state=appealed", "main tbody a"), ("chen", "/my/applications/", "main a[href*='/RC-']"),
    ("tang", "/desk/", "main tbody a"), ("zhou", "/desk/exceptions/", "main tbody a"), ("zhou", "/desk/results/", "main tbody a"),
]  # fmt: skip
"""Pages whose address has an id: the first link of a page that leads there."""
LOOKS = [("light", "normal", 1280), ("dark", "normal", 360), ("light", "elder", 360)]
"""Theme and mode, which a page takes from cookies in ``early.js``, and width: its text is the same in all of them."""
EVERY_LOOK = [(theme, mode, width) for theme in ("light", "dark") for mode in ("normal", "elder") for width in (360, 768, 1280)]
"""The long run asks axe in all of them, in both languages."""
EARLY = (ROOT / "static" / "js" / "early.js").read_text("utf-8")


def _sign_in(page, site: str, who: str) -> None:
    page.goto(f"{site}/demo/")
    page.locator(f'form:has(input[value="{who}@demo.example"]) button').click()


@pytest.fixture(scope="session")
def only_page(browser):
    """The one page of all readers and looks: a browser needs seconds for another, and milliseconds for other cookies and another width."""
    context = browser.new_context(locale="zh-CN", reduced_motion="reduce")  # nothing fades while it is looked at
    context.set_default_timeout(30_000)  # the description of the HTTP API takes a busy machine longer than ten
    page = context.new_page()
    page.said = []
    page.on("console", lambda message: page.said.append(message.text))
    page.on("pageerror", lambda error: page.said.append(str(error)))
    return page


@pytest.fixture(scope="session")
def signed_in(only_page, site):
    """The cookies of each reader, who signs in once."""
    known = {"-": []}

    def cookies(who: str):
        if who not in known:
            only_page.context.clear_cookies()
            _sign_in(only_page, site, who)
            only_page.wait_for_url(lambda address: not address.endswith("/demo/"))
            known[who] = only_page.context.cookies()
        return known[who]

    return cookies


@pytest.fixture
def page_of(only_page, signed_in):
    """The page as this reader has it; its console is kept in ``said``."""

    def of(who: str):
        cookies = signed_in(who)
        only_page.context.clear_cookies()
        if cookies:
            only_page.context.add_cookies(cookies)
        only_page.set_viewport_size({"width": 1280, "height": 800})
        only_page.said.clear()
        return only_page

    return of


def _take_look(page, theme: str, mode: str, width: int) -> None:
    """What a reader's choice changes on a page that is open: the cookies, and what the page's own first script makes of them."""
    page.set_viewport_size({"width": width, "height": 800})
    cookies = {"theme": theme, "mode": mode}
    page.context.add_cookies([{"name": name, "value": value, "url": page.url} for name, value in cookies.items()])
    page.evaluate(f"delete document.documentElement.dataset.mode; {EARLY}")


def _faults(page, *, by_axe: bool) -> tuple[list[str], bool, int]:
    """What axe finds, whether the page fits its width, how many first headings it has."""
    fits = page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    return page.evaluate(RUN_AXE) if by_axe else [], fits, page.locator("h1").count()


def _faulty_looks(page, looks=LOOKS, *, axe_for=("normal",)) -> dict[tuple[str, str, int], object]:
    """The looks in which this page has a fault, and which.

    In large text axe finds nothing that it does not find in the usual one, and is asked in the long run.
    """
    page.evaluate(AXE)
    found = {}
    for look in looks:
        _take_look(page, *look)
        found[look] = _faults(page, by_axe=look[1] in axe_for)
    return {look: faults for look, faults in found.items() if faults != ([], True, 1)}


@pytest.mark.parametrize(("theme", "mode", "width"), LOOKS, ids=str)
def test_a_page_opens_in_the_look_that_was_chosen(page_of, site, theme, mode, width):
    page = page_of("-")
    page.goto(site)
    _take_look(page, theme, mode, width)
    taken = page.evaluate("({...document.documentElement.dataset})")

    page.goto(site)

    assert page.evaluate("({...document.documentElement.dataset})") == taken
    assert (taken["theme"], taken.get("mode", "normal")) == (theme, mode)


@pytest.mark.parametrize(("who", "path"), PAGES, ids=str)
def test_a_page_holds_for_every_reader_in_every_look(page_of, site, who, path):
    page = page_of(who)

    answer = page.goto(f"{site}{path}")

    expected = {"/nothing-here/": 404, "/desk/": 403 if who == "ops" else 200}.get(path, 200)
    assert answer.status == expected
    assert _faulty_looks(page) == {}
    assert [text for text in page.said if str(expected) not in text or expected == 200] == []


@pytest.mark.soak
@pytest.mark.parametrize("prefix", ["", "/en"])
@pytest.mark.parametrize(("who", "path"), PAGES, ids=str)
def test_a_page_holds_in_both_languages_and_in_every_look_there_is(page_of, site, who, path, prefix):
    page = page_of(who)
    outside = path.startswith(("/accounts/", "/api/"))

    page.goto(f"{site}{'' if outside else prefix}{path}")

    assert _faulty_looks(page, EVERY_LOOK, axe_for=("normal", "elder")) == {}


@pytest.mark.parametrize(("who", "path", "link"), BEHIND, ids=str)
def test_a_page_behind_another_holds_too(page_of, site, who, path, link):
    page = page_of(who)
    page.goto(f"{site}{path}")
    target = page.locator(link).first.get_attribute("href")
    page.said.clear()

    answer = page.goto(f"{site}{target}")

    assert answer.status == 200
    assert _faulty_looks(page) == {}
    assert page.said == []


@pytest.mark.parametrize(
    ("who", "path"),
    [
        ("-", "/en/"),
        ("-", "/en/courses/"),
        ("lin", "/en/my/credits/"),
        ("lin", "/en/my/credits/show/"),
        ("lin", "/en/my/"),
        ("zhou", "/en/desk/"),
    ],
)
def test_english_is_below_en_and_leads_back(page_of, site, who, path):
    page = page_of(who)

    page.goto(f"{site}{path}")

    assert page.locator("html").get_attribute("lang") == "en"
    page.locator('.util a[hreflang="zh-Hans"]').click()
    assert page.url == f"{site}{path.removeprefix('/en')}"
    assert page.locator("html").get_attribute("lang") == "zh-Hans"


def test_the_check_of_a_paper_holds_too(page_of, site):
    page = page_of("lin")
    page.goto(f"{site}/my/transcript/")
    page.goto(site + page.locator("main a[href*='/my/transcript/']").first.get_attribute("href"))
    target = page.locator("main a[href*='/verify/']").first.get_attribute("href")
    page.said.clear()

    answer = page.goto(f"{site}{target}")

    assert answer.status == 200
    assert _faulty_looks(page) == {}
    assert page.said == []
