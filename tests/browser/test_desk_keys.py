"""The officers' single-letter keys: they walk, they explain themselves, they rest in fields, and they can be switched off (WCAG 2.1.4)."""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.browser]


@pytest.fixture
def desk(browser, site):
    """A credit officer before the queue."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="zh-CN")
    page = context.new_page()
    page.goto(f"{site}/demo/")
    page.locator('form:has(input[value="zhou@demo.example"]) button').click()
    page.goto(f"{site}/desk/")
    yield page
    context.close()


def _focused(page) -> str:
    return page.evaluate("document.activeElement.textContent")


def _explains(page) -> bool:
    return page.evaluate("document.querySelector('dialog').open")


def test_j_and_k_walk_through_the_cases_and_enter_opens_one(desk):
    cases = desk.locator("main tbody th a").all_text_contents()

    desk.keyboard.press("j")
    desk.keyboard.press("j")
    assert _focused(desk) == cases[1]
    desk.keyboard.press("k")
    assert _focused(desk) == cases[0]

    desk.keyboard.press("Enter")
    desk.wait_for_url(f"**/desk/cases/{cases[0]}/")
    desk.keyboard.press("j")
    assert _focused(desk).strip().startswith("1.")


def test_keys_rest_in_fields_and_for_whoever_switches_them_off(desk):
    desk.locator("#q").focus()
    desk.keyboard.type("jk?")
    assert (desk.input_value("#q"), _explains(desk)) == ("jk?", False)

    desk.locator("h1").click()
    desk.keyboard.press("?")
    assert _explains(desk)
    desk.locator("dialog input").uncheck()
    desk.keyboard.press("Escape")
    assert not _explains(desk)

    desk.reload()
    desk.keyboard.press("?")
    assert not _explains(desk)
    desk.locator("[data-keys-open]").click()
    assert _explains(desk)
