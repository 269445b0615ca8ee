"""Control a real JupyterLab in Debian's Chromium: a server with its own folders, and an open notebook as an object.

Commands are executed through `window.jupyterapp`, which is more reliable than clicking menus. Every wait has a time limit.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from ast import literal_eval
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import nbformat
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, Playwright

PROJECT = Path(__file__).parents[2]
ARTEFACTS = PROJECT / "artefacts"
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
TOKEN = "browser-test"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--mute-audio",
]
SETTINGS = {
    "@jupyterlab/apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},
    "@jupyterlab/docmanager-extension/plugin": {"autosave": False},
}
T = TypeVar("T")


class Server:
    """JupyterLab on a free port, with its own settings, and a copy of the project's notebooks as its root."""

    def __init__(self) -> None:
        self._home = Path(tempfile.mkdtemp(prefix="jlab-"))
        self.root = self._home / "root"
        self.root.mkdir()
        for notebook in (PROJECT / "notebooks").glob("*.ipynb"):
            shutil.copy(notebook, self.root)
        for name, values in SETTINGS.items():
            file = self._home / "settings" / f"{name}.jupyterlab-settings"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(values))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._log = (self._home / "server.log").open("wb")
        self._process = subprocess.Popen(
            self._command(), stdout=self._log, stderr=subprocess.STDOUT, env=self._environment(), start_new_session=True
        )
        poll(self._is_up, timeout=60)

    def url(self, path: str) -> str:
        """Return a link into the server, with its token."""
        return f"http://127.0.0.1:{self.port}/{path}?token={TOKEN}"

    def log(self, lines: int = 40) -> str:
        """Return the last lines of the output of the server and its kernels."""
        return "\n".join((self._home / "server.log").read_text(errors="replace").splitlines()[-lines:])

    def close(self) -> None:
        """Stop the server and its kernels, and delete its folders."""
        os.killpg(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(5)
        self._log.close()
        shutil.rmtree(self._home, ignore_errors=True)

    def _command(self) -> list[str]:
        options = {
            "--ip": "127.0.0.1",
            "--port": self.port,
            "--IdentityProvider.token": TOKEN,
            "--ServerApp.root_dir": self.root,
            "--ServerApp.terminals_enabled": False,
            "--LabApp.expose_app_in_browser": True,
            "--LabApp.news_url": None,
            "--LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
            "--LabApp.extension_manager": "readonly",
        }
        flags = [f"{name}={value}" for name, value in options.items()]
        return [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root", *flags]

    def _environment(self) -> dict[str, str]:
        folders = {
            "JUPYTER_CONFIG_DIR": "config",
            "JUPYTER_DATA_DIR": "data",
            "JUPYTER_RUNTIME_DIR": "run",
            "JUPYTERLAB_SETTINGS_DIR": "settings",
            "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
            "IPYTHONDIR": "ipython",
        }
        return os.environ | {name: str(self._home / folder) for name, folder in folders.items()}

    def _is_up(self) -> bool:
        if self._process.poll() is not None:
            raise RuntimeError(f"JupyterLab did not start:\n{self.log()}")
        try:
            with urllib.request.urlopen(self.url("api/status"), timeout=2):
                return True
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False


def launch(playwright: Playwright) -> Browser:
    """Start Chromium; the clock of Web Audio runs without a sound card."""
    return playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)


def write_notebook(path: Path, cells: Sequence[str]) -> Path:
    """Write a notebook of code cells; a text that starts with `%%md` becomes a Markdown cell."""
    make = nbformat.v4
    notebook = make.new_notebook(
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    )
    for number, text in enumerate(cells):
        markdown = text.startswith("%%md\n")
        cell = make.new_markdown_cell(text.removeprefix("%%md\n")) if markdown else make.new_code_cell(text)
        cell["id"] = f"cell-{number:02d}"
        notebook.cells.append(cell)
    nbformat.write(notebook, path)
    return path


def poll(read: Callable[[], T], accept: Callable[[T], object] = bool, timeout: float = 30.0) -> T:
    """Read a value until it is accepted, and return it. Raises AssertionError after `timeout` seconds."""
    end = time.monotonic() + timeout
    while True:
        value = read()
        if accept(value):
            return value
        if time.monotonic() > end:
            raise AssertionError(f"still {value!r} after {timeout} s")
        time.sleep(0.05)


KERNEL = "window.jupyterapp?.shell?.currentWidget?.context?.sessionContext?.session?.kernel"
DOCUMENT = "window.jupyterapp?.shell?.currentWidget"
IDLE = f"(name) => {{ const k = {KERNEL}; return {DOCUMENT}?.context?.path === name && k?.connectionStatus === 'connected' && k.status === 'idle'; }}"
RUN = """async () => {
  window.__ran = 'running';
  try { window.__ran = await window.jupyterapp.commands.execute('notebook:run-all-cells') === false ? 'an error' : 'done'; }
  catch (error) { window.__ran = String(error); }
}"""
EVALUATE = """([expression, number]) => {
  const box = window.__answers ??= {};
  const future = KERNEL.requestExecute({code: '', silent: true, store_history: false, user_expressions: {r: expression}});
  future.done.then((m) => { box[number] = m.content.user_expressions?.r ?? {ename: 'Aborted', evalue: m.content.status}; },
                   (e) => { box[number] = {ename: 'Lost', evalue: String(e)}; });
}""".replace("KERNEL", KERNEL)


EVALUATIONS = count()


class Notebook:
    """An open notebook with its kernel.

    `page` is the Playwright page, `console` the errors and warnings of its console.
    """

    def __init__(self, context: BrowserContext, server: Server, name: str, page: Page | None = None) -> None:
        self.server, self.name = server, name
        self.console: list[str] = []
        self._own_page = page is None
        self.page = page or context.new_page()
        self.page.on("console", self._add_console_message)
        self.page.on("pageerror", self._add_page_error)
        if page is None or not page.url.startswith("http"):
            self.page.goto(server.url(f"lab/tree/{name}"), wait_until="domcontentloaded")
        else:
            self.command("docmanager:open", {"path": name, "factory": "Notebook"})
        self._wait_for_kernel()
        self.page.evaluate("() => { const s = window.jupyterapp.shell; if (!s.leftCollapsed) s.collapseLeft(); }")

    # ---- running

    def run_all(self, timeout: float = 120) -> Notebook:
        """Run all cells as the menu does, and wait for them. Raises AssertionError with the traceback of the first error."""
        self.page.evaluate(f"() => {{ ({RUN})(); }}")
        self.page.wait_for_function("() => window.__ran !== 'running'", timeout=timeout * 1000)
        for cell in self.cells():
            for output in cell.get("outputs", []):
                if output["output_type"] == "error":
                    raise AssertionError("\n".join([cell["source"], *output["traceback"]]))
        assert self.page.evaluate("window.__ran") == "done"
        return self

    def run_cell(self, number: int) -> None:
        """Run one cell, counted from 0, without waiting for it."""
        self.page.evaluate(
            f"(n) => {{ const d = {DOCUMENT}; d.content.activeCellIndex = n; window.jupyterapp.commands.execute('notebook:run-cell'); }}",
            number,
        )

    def py(self, expression: str, timeout: float = 30) -> Any:
        """Evaluate an expression in the notebook's kernel; return its value if it is a literal, else its repr."""
        number = next(EVALUATIONS)
        self.page.evaluate(EVALUATE, [expression, number])
        self.page.wait_for_function("(n) => n in (window.__answers ?? {})", arg=number, timeout=timeout * 1000)
        answer = self.page.evaluate("(n) => window.__answers[n]", number)
        if "data" not in answer:
            raise AssertionError(f"{expression}: {answer['ename']}: {answer['evalue']}")
        text = answer["data"]["text/plain"]
        try:
            return literal_eval(text)
        except (ValueError, SyntaxError):
            return text

    def until(self, expression: str, accept: Callable[[Any], object] = bool, timeout: float = 30.0) -> Any:
        """Evaluate in the kernel until the value is accepted, and return it."""
        return poll(lambda: self.py(expression), accept, timeout)

    def command(self, name: str, arguments: dict[str, Any] | None = None) -> None:
        """Start a command of JupyterLab without waiting for it."""
        self.page.evaluate("([c, a]) => { window.jupyterapp.commands.execute(c, a); }", [name, arguments or {}])

    def interrupt(self) -> None:
        """Interrupt the kernel, as the stop button does."""
        self.command("notebook:interrupt-kernel")

    # ---- cells and outputs

    def cells(self) -> list[dict[str, Any]]:
        """Return the notebook's cells as they would be saved."""
        cells: list[dict[str, Any]] = self.page.evaluate(f"() => {DOCUMENT}.context.model.toJSON().cells")
        return cells

    def output(self, number: int) -> Locator:
        """Return the output area of a cell, counted from 0."""
        return self.shown.locator(".jp-Cell").nth(number).locator(".jp-Cell-outputArea")

    @property
    def shown(self) -> Locator:
        """The visible notebook."""
        return self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook")

    def screenshot(self, name: str, of: Locator | None = None) -> Path:
        """Save a screenshot of the page, or of an element, in the folder artefacts/."""
        ARTEFACTS.mkdir(exist_ok=True)
        path = ARTEFACTS / f"{name}.png"
        (of or self.page).screenshot(path=path)
        return path

    def theme(self, dark: bool) -> None:
        """Change between JupyterLab's light and dark theme."""
        self.command("apputils:change-theme", {"theme": "JupyterLab Dark" if dark else "JupyterLab Light"})
        self.page.wait_for_function(
            "(light) => document.body.dataset.jpThemeLight === light", arg="false" if dark else "true"
        )

    def console_errors(self) -> list[str]:
        """Return the errors in the page's console, without warnings."""
        return [line for line in self.console if line.startswith(("error", "pageerror"))]

    # ---- saving, closing

    def save(self) -> Path:
        """Save the notebook; return its file."""
        path = self.server.root / self.name
        before = path.stat().st_mtime_ns
        self.command("docmanager:save")
        poll(lambda: path.stat().st_mtime_ns, lambda now: now != before)
        return path

    def reload(self) -> None:
        """Reload the page; the kernel keeps running."""
        self.page.reload(wait_until="domcontentloaded")
        self._wait_for_kernel()

    def close(self) -> None:
        """Shut the kernel down and close the notebook."""
        self.page.evaluate(f"() => {{ {DOCUMENT}?.context?.sessionContext?.shutdown(); }}")
        self.page.wait_for_function(f"() => !({KERNEL})", timeout=30000)
        self.page.remove_listener("console", self._add_console_message)
        self.page.remove_listener("pageerror", self._add_page_error)
        if self._own_page:
            self.page.close()
        else:
            self.page.evaluate(f"() => {{ const d = {DOCUMENT}; d.context.model.dirty = false; d.close(); }}")

    def _wait_for_kernel(self) -> None:
        """Wait until the kernel is connected and idle; a visible cell is not enough, because JupyterLab may ask for a kernel first."""
        self.page.wait_for_function(IDLE, arg=self.name, timeout=60000)

    def _add_console_message(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.console.append(f"{message.type}: {message.text}")

    def _add_page_error(self, error: Exception) -> None:
        self.console.append(f"pageerror: {error}")
