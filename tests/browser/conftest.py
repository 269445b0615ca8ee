"""One server, one Chromium and one page for all browser tests; every test gets its notebooks through `open_nb`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from jlab import ARTEFACTS, CHROMIUM, Notebook, Server, launch, write_notebook
from playwright.sync_api import BrowserContext, Page, expect, sync_playwright

OpenNotebook = Callable[..., Notebook]
WriteNotebook = Callable[[str, Sequence[str]], str]


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    started = Server()
    yield started
    started.close()


@pytest.fixture(scope="session")
def context() -> Iterator[BrowserContext]:
    if not Path(CHROMIUM).exists() and "TONNBOOK_REQUIRE_BROWSER" not in os.environ:  # .ci/run sets it
        pytest.skip(f"{CHROMIUM} is not there: apt-get install chromium, or name another one in CHROMIUM")
    with sync_playwright() as playwright:
        browser = launch(playwright)
        context = browser.new_context(viewport={"width": 1280, "height": 1400}, accept_downloads=True)
        context.set_default_timeout(30000)
        expect.set_options(timeout=20000)  # for a busy machine; what works does not wait for it
        yield context
        browser.close()


@pytest.fixture(scope="session")
def page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.fixture
def write_nb(server: Server) -> WriteNotebook:
    """write_nb("small.ipynb", ["1 + 1", ...]) puts a notebook of those cells where `open_nb` finds it; returns its name."""

    def write(name: str, cells: Sequence[str]) -> str:
        write_notebook(server.root / name, cells)
        return name

    return write


@pytest.fixture
def open_nb(
    context: BrowserContext, server: Server, page: Page, request: pytest.FixtureRequest
) -> Iterator[OpenNotebook]:
    """open_nb("01_mixing.ipynb") opens a notebook of the project, or one of `write_nb`, with a fresh kernel.

    It opens in the page that all tests share (1 s); with `alone=True` in a page of its own (5 s), as after a fresh start.
    """
    opened: list[Notebook] = []

    def open_notebook(name: str, *, alone: bool = False) -> Notebook:
        opened.append(Notebook(context, server, name, None if alone else page))
        return opened[-1]

    yield open_notebook
    failed = getattr(request.node, "failed_in_call", False)
    for number, notebook in enumerate(opened):
        if failed:
            notebook.screenshot(f"failed-{request.node.name}-{number}")
            log = ARTEFACTS / f"failed-{request.node.name}-{number}.log"
            log.write_text("\n".join([*notebook.console, "", server.log()]))
        notebook.close()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[Any]) -> Any:
    report = yield
    if report.when == "call":
        item.failed_in_call = report.failed  # type: ignore[attr-defined]
    return report
