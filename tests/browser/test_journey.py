"""The journey by hand: a learner on a small phone and by keyboard, then the desk."""

from __future__ import annotations

import re

import pytest

from tests.browser.test_pages import _sign_in

pytestmark = [pytest.mark.browser]


@pytest.fixture
def phone(browser):
    return _page(browser, viewport={"width": 360, "height": 740}, has_touch=True)


def _page(browser, **settings):
    context = browser.new_context(locale="zh-CN", **settings)
    context.set_default_timeout(10_000)
    return context.new_page()


def test_a_visitor_finds_a_course_by_keyboard_alone(browser, site):
    page = _page(browser, viewport={"width": 1280, "height": 800})
    page.goto(site)

    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.locator("#home-q").focus()
    page.keyboard.type("急救")
    page.keyboard.press("Enter")
    page.wait_for_url("**/courses/?q=*")
    link = page.locator("main h2 a", has_text="家庭急救").first
    link.focus()
    page.keyboard.press("Enter")

    page.wait_for_url("**/schools/**")
    assert "家庭急救" in page.locator("h1").inner_text()


@pytest.mark.parametrize(("prefix", "studies"), [("", "慢"), ("/en", "slow")])
def test_a_learner_enrols_reads_and_finds_the_place_again_on_a_phone(phone, site, prefix, studies):
    _sign_in(phone, site, "wang" if prefix else "chen")
    phone.goto(f"{site}{prefix}/schools/jlem/jlem-aid101/")
    phone.locator("aside form[action*='/enrol/'] button, aside a[href*='/learn/']").first.click()
    phone.wait_for_url("**/learn/**")
    if not re.search(r"/learn/[^/]+/[^/]+/$", phone.url):
        phone.locator("main a[href*='/learn/']").first.click()
        phone.wait_for_url(re.compile(r"/learn/[^/]+/[^/]+/$"))
    here = phone.url
    done = phone.locator("form[action$='/complete/'] button")
    if done.count():
        done.first.click()

    phone.goto(f"{site}{prefix}/my/")

    assert phone.locator("main a[href*='/learn/']").count() > 0
    assert phone.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert here


WORDS = {
    "": ("提交申请", "以上所述属实", "领取此件", "提交我的意见", "同意这个决定", "已入账", "签发成绩单", "成绩单有效",
         "撤回申请", r"还剩 \d 分 \d\d 秒", "自由撤回的时间已过"),
    "/en": ("Submit application", "What I state is true", "Take this case", "Submit my opinion", "Agree to the decision", "credited",
            "Issue a transcript", "The transcript is valid", "Withdraw application", r"\d min \d\d s left", "The free minutes are over"),
}  # fmt: skip


def _counts_down(page, button: str, left: str, over: str) -> None:
    """The free minutes run down while the page is open; afterwards it says so, and the button is gone."""
    page.clock.install()
    page.reload()
    timer, withdraw = page.get_by_role("timer"), page.get_by_role("button", name=button)
    first = timer.inner_text()
    page.clock.run_for(61_000)
    later = timer.inner_text()
    assert [bool(re.search(left, text)) for text in (first, later)] == [True, True]
    assert first != later
    assert withdraw.is_visible()
    page.clock.run_for(600_000)
    assert over in timer.inner_text()
    assert not withdraw.is_visible()


@pytest.mark.parametrize("prefix", WORDS)
def test_an_application_is_sent_decided_by_two_and_shown_as_credited_by_keyboard_alone(browser, fresh_site, prefix):
    site = f"{fresh_site}{prefix}"
    submit, declare, claim, opine, agree, credited, issue, valid, withdraw, left, over = WORDS[prefix]
    learner = _page(browser, viewport={"width": 360, "height": 740})
    _sign_in(learner, fresh_site, "chen")
    learner.goto(f"{site}/my/applications/new/ADM-B-2026/")
    learner.get_by_role("button", name=submit).press("Enter")
    learner.locator("main [role=alert], main .field-error").first.wait_for()
    learner.get_by_label(declare).press("Space")
    learner.get_by_role("button", name=submit).press("Enter")
    learner.wait_for_url(re.compile(r"/my/applications/RC-"))
    reference = learner.url.rstrip("/").rsplit("/", 1)[1]
    _counts_down(learner, withdraw, left, over)

    officer = _page(browser)
    _sign_in(officer, fresh_site, "zhou")
    officer.goto(f"{site}/desk/cases/{reference}/")
    officer.get_by_role("button", name=claim).press("Enter")
    officer.get_by_role("button", name=opine).press("Enter")
    second = _page(browser)
    _sign_in(second, fresh_site, "he")
    second.goto(f"{site}/desk/cases/{reference}/")
    second.get_by_role("button", name=agree).press("Enter")
    second.wait_for_load_state()

    learner.goto(f"{site}/my/applications/{reference}/")
    assert credited in learner.locator("main").inner_text()
    learner.goto(f"{site}/my/transcript/")
    learner.get_by_role("button", name=issue).press("Enter")
    code = learner.locator(".printed-code").inner_text().strip()
    public = _page(browser)
    public.goto(f"{site}/verify/?code={code.lower().replace('-', ' ')}")
    assert public.locator("h1").inner_text() == valid
