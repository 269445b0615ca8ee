"""The page /docs in Chromium: it shows every call, a call can be tried with the key, and nothing is loaded from another host."""

from __future__ import annotations

import pytest
import requests
from playwright.sync_api import BrowserContext, expect

from tonnbook.studio.server.server import Studio

pytestmark = pytest.mark.browser


def test_the_docs_page_shows_all_calls_and_tries_one_without_leaving_this_machine(
    context: BrowserContext, studio: Studio
) -> None:
    document = requests.get(studio.url + "/openapi.json", timeout=60).json()
    calls = [(method.upper(), path) for path, methods in document["paths"].items() for method in methods]
    page = context.new_page()
    requested: list[str] = []
    console: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.on("console", lambda message: console.append(message.text))
    page.on("pageerror", lambda error: console.append(str(error)))
    page.goto(studio.url)
    expect(page.locator(".opblock")).to_have_count(len(calls))
    shown = zip(page.locator(".opblock-summary-method").all(), page.locator(".opblock-summary-path").all(), strict=True)
    paths = [(method.inner_text(), path.get_attribute("data-path")) for method, path in shown]
    assert sorted(paths) == sorted(calls)

    page.locator("button.authorize").first.click()
    for scheme in ("X-API-Key", "HTTPBearer"):
        form = page.locator(".auth-container", has_text=scheme)
        form.locator("input").fill(studio.key)
        form.locator("button.authorize").click()
    page.locator(".close-modal").click()
    for path, answer in (("/upload", "signed_url"), ("/api/v2/composition_params", "blockedParams")):
        block = page.locator(".opblock", has=page.locator(f'[data-path="{path}"]'))
        block.locator(".opblock-summary-control").click()
        block.locator(".try-out__btn").click()
        block.locator("button.execute").click()
        expect(block.locator(".live-responses-table .response-col_status").last).to_contain_text("200")
        expect(block.locator(".live-responses-table")).to_contain_text(answer)
    page.close()
    assert {url.partition("/docs")[0] for url in requested if "/docs" in url} == {studio.url}
    assert all(url.startswith(studio.url + "/") for url in requested)
    assert console == []
