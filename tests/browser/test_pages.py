"""Every kind of page, as every kind of reader: no axe violation, no sideways scrolling, no message on the console, no English in Chinese."""

from __future__ import annotations

from pathlib import Path

import axe_playwright_python
import pytest

pytestmark = [pytest.mark.browser]

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
RUN_AXE = """axe.run(document, {resultTypes: ['violations']}).then(
  result => result.violations.map(one => one.id + ': ' + one.nodes.slice(0, 3).map(node => node.html).join(' | '))
)"""
PAGES = [
    ("-", "/"), ("-", "/courses/"), ("-", "/courses/?q=护理&kind=higher"), ("-", "/courses/?q=没有这样的课"), ("-", "/schools/jlou/jlou-med101/"),
    ("-", "/institutions/"), ("-", "/institutions/JLOU/"), ("-", "/convert/?have=JLHV:NUR101&have=JLSA:CERT4&score=80"), ("-", "/rules/"),
    ("-", "/rules/JLOU/v1/"), ("-", "/verify/"), ("-", "/verify/?code=ABCD-EFGH-JKLM"), ("-", "/help/"), ("-", "/accounts/login/"),
    ("-", "/accounts/signup/"), ("-", "/demo/"), ("-", "/nothing-here/"), ("-", "/api/v1/docs"),
    ("lin", "/"), ("lin", "/my/"), ("lin", "/my/archive/"), ("lin", "/my/archive/new/"), ("lin", "/my/credits/"), ("lin", "/my/applications/"),
    ("lin", "/my/applications/new/"), ("lin", "/my/applications/new/CARE-A-2026/"), ("lin", "/my/applications/RC-2026-0001/"), ("lin", "/my/transcript/"),
    ("lin", "/my/notices/"), ("lin", "/my/settings/"), ("zhou", "/desk/"), ("zhou", "/desk/cases/RC-2026-0001/"), ("zhou", "/desk/deposits/"),
    ("zhou", "/desk/rulebooks/"), ("zhao", "/library/"), ("zheng", "/teach/"), ("ops", "/ops/institutions/"), ("feng", "/institutions/JLOU/members/"),
]  # fmt: skip
LOOKS = [("light", "normal", 1280), ("dark", "normal", 360), ("light", "elder", 360)]


def _sign_in(page, site: str, who: str) -> None:
    page.goto(f"{site}/demo/")
    page.locator(f'form:has(input[value="{who}@demo.example"]) button').click()


@pytest.fixture(scope="session")
def pages(browser, site):
    """One page for each reader and look, signed in once; its console is kept in ``said``. Closing each would cost more than it frees."""
    known = {}

    def of(who: str, theme: str, mode: str, width: int):
        key = (who, theme, mode, width)
        if key not in known:
            context = browser.new_context(viewport={"width": width, "height": 800}, locale="zh-CN")
            context.set_default_timeout(10_000)
            page = context.new_page()
            page.said = []
            page.on("console", lambda message: page.said.append(message.text))
            page.on("pageerror", lambda error: page.said.append(str(error)))
            if who != "-":
                _sign_in(page, site, who)
            context.add_cookies([{"name": "theme", "value": theme, "url": site}, {"name": "mode", "value": mode, "url": site}])
            known[key] = page
        known[key].said.clear()
        return known[key]

    return of


@pytest.mark.parametrize(("theme", "mode", "width"), LOOKS, ids=str)
@pytest.mark.parametrize(("who", "path"), PAGES, ids=str)
def test_a_page_holds_for_every_reader(pages, site, who, path, theme, mode, width):
    page = pages(who, theme, mode, width)

    answer = page.goto(f"{site}{path}")
    page.evaluate(AXE)
    found = page.evaluate(RUN_AXE)
    overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    headings = page.locator("h1").count()

    expected = 404 if path == "/nothing-here/" else 200
    assert answer.status == expected
    assert (found, overflow <= 0, headings) == ([], True, 1)
    assert [text for text in page.said if "404" not in text or expected != 404] == []


@pytest.mark.parametrize(
    ("who", "path"), [("-", "/en/"), ("-", "/en/courses/"), ("lin", "/en/my/credits/"), ("lin", "/en/my/"), ("zhou", "/en/desk/")]
)
def test_english_is_below_en_and_leads_back(pages, site, who, path):
    page = pages(who, "light", "normal", 1280)

    page.goto(f"{site}{path}")

    assert page.locator("html").get_attribute("lang") == "en"
    page.locator('.util a[hreflang="zh-Hans"]').click()
    assert page.url == f"{site}{path.removeprefix('/en')}"
    assert page.locator("html").get_attribute("lang") == "zh-Hans"
