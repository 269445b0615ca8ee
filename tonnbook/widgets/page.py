"""Base class of the widgets: script, style, and static HTML for where no widget can be displayed.

A saved notebook, an export or a page on GitHub has no kernel. There the static HTML is shown, so every widget must provide it.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import anywidget

from tonnbook.widgets.saved_output import bundle

_FOLDER = Path(__file__).parent
_UNNEEDED = re.compile(r"^[ ]*(?:/\*\*[\s\S]*?\*/[ ]*\n|//[^\n]*\n|\n)|^[ ]+", re.MULTILINE)


def script(*names: str) -> str:
    """Return one ES module: the shared page.js, then the named files in order, such as `forms/form`.

    Comments on lines of their own and indentation are left out: the script is sent with every widget.
    """
    text = "\n".join((_FOLDER / f"{name}.js").read_text(encoding="utf-8") for name in ("page", *names))
    return _UNNEEDED.sub("", text)


def style(*names: str) -> str:
    """Return one style sheet: the shared page.css, then the named files in order."""
    return "\n".join((_FOLDER / f"{name}.css").read_text(encoding="utf-8") for name in ("page", *names))


class PageWidget(anywidget.AnyWidget):
    """A widget whose output also contains static HTML and plain text."""

    def static_html(self) -> str:
        """Return HTML that replaces the widget in a saved notebook; no scripts, no secrets."""
        raise NotImplementedError

    def plain(self) -> str:
        """Return the widget in one line of text."""
        raise NotImplementedError

    @property
    def view_id(self) -> str:
        """Id of the model that is displayed: the widget itself, unless something is displayed with it."""
        return str(self.model_id)

    def __repr__(self) -> str:
        return self.plain()

    def _handle_msg(self, message: dict[str, Any]) -> None:
        super()._handle_msg(message)
        self._acknowledge(message)

    def _acknowledge(self, message: dict[str, Any]) -> None:
        """Send the page an "idle" status for its message.

        The page sends no further change of a widget before it receives this status. ipykernel 7.4 never sends it for a message that
        arrives while an `await` cell runs, and the page would wait for ever. Other versions send it too; twice does no harm. "busy"
        follows, because a cell may still be running; the kernel sends "idle" when it ends.
        """
        if (kernel := getattr(self.comm, "kernel", None)) is not None:
            for state in ("idle", "busy"):
                content = {"execution_state": state}
                kernel.session.send(kernel.iopub_socket, "status", content, parent=message, ident=self.comm.topic)

    def _displayed(self) -> None:
        """Do what has to be done when the widget is displayed, as sending its sounds; called at each display."""

    def _repr_mimebundle_(self, **_: object) -> tuple[dict[str, Any], dict[str, Any]]:
        self._displayed()
        return bundle(self.plain(), self.static_html(), self.view_id)


def data_url(mime: str, content: bytes) -> str:
    """Return `content` as a data URL."""
    return f"data:{mime};base64,{base64.b64encode(content).decode('ascii')}"


def html(tag: str, *children: str, **attributes: str) -> str:
    """Return one HTML element; attribute values are escaped, children must be HTML."""
    attributes_html = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(value)}"' for name, value in attributes.items()
    )
    return f"<{tag}{attributes_html}>{''.join(children)}</{tag}>"


def table(head: Mapping[str, str], rows: Sequence[Mapping[str, str]]) -> str:
    """Return an HTML table: `head` maps keys to column titles, each row maps keys to text."""
    titles = html("tr", *(html("th", escape(title), scope="col") for title in head.values()))
    body = (html("tr", *(html("td", escape(row.get(key, ""))) for key in head)) for row in rows)
    return html("table", html("thead", titles), html("tbody", *body))
