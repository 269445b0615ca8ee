"""What every widget of ours is made of: its script and style, and a plain HTML twin for where no widget can live.

A saved notebook, an export or a page on GitHub has no kernel. There the twin is shown, so a widget must always give one.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import anywidget

_FOLDER = Path(__file__).parent
_WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def script(*names: str) -> str:
    """Return one ES module: what all widgets share, then the named files in order, such as `forms/form`."""
    return "\n".join((_FOLDER / f"{name}.js").read_text(encoding="utf-8") for name in ("page", *names))


def style(*names: str) -> str:
    """Return one style sheet: what all widgets share, then the named files in order."""
    return "\n".join((_FOLDER / f"{name}.css").read_text(encoding="utf-8") for name in ("page", *names))


class PageWidget(anywidget.AnyWidget):
    """A widget with a twin: beside the live view its output carries HTML and plain text."""

    def twin(self) -> str:
        """Return the HTML that stands for the widget in a saved notebook; no scripts, no secrets."""
        raise NotImplementedError

    def plain(self) -> str:
        """Return the widget in one line of text."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return self.plain()

    def _handle_msg(self, message: dict[str, Any]) -> None:
        super()._handle_msg(message)
        self._report_done(message)

    def _report_done(self, message: dict[str, Any]) -> None:
        """Tell the page that its message has been dealt with.

        The page sends no second change of a widget before it hears so, and ipykernel 7.4 never says it of a message that came while
        an `await` cell ran: the widget would be deaf from then on. Elsewhere it is said twice, which does no harm. "busy" after
        it, because a cell may be running; what ends then says "idle".
        """
        if (kernel := getattr(self.comm, "kernel", None)) is not None:
            for state in ("idle", "busy"):
                content = {"execution_state": state}
                kernel.session.send(kernel.iopub_socket, "status", content, parent=message, ident=self.comm.topic)

    def _repr_mimebundle_(self, **_: object) -> tuple[dict[str, Any], dict[str, Any]]:
        view = {"version_major": 2, "version_minor": 1, "model_id": self.model_id}
        return {"text/plain": self.plain(), "text/html": self.twin(), _WIDGET_VIEW: view}, {}


def data_url(mime: str, content: bytes) -> str:
    """Return `content` as a link that carries it."""
    return f"data:{mime};base64,{base64.b64encode(content).decode('ascii')}"


def html(tag: str, *children: str, **attributes: str) -> str:
    """Return one HTML element; attribute values are escaped, children are HTML already."""
    written = "".join(f' {name.rstrip("_").replace("_", "-")}="{escape(value)}"' for name, value in attributes.items())
    return f"<{tag}{written}>{''.join(children)}</{tag}>"


def table(head: Mapping[str, str], rows: Sequence[Mapping[str, str]]) -> str:
    """Return a plain table: `head` maps a key to its title, each row maps keys to text."""
    titles = html("tr", *(html("th", escape(title), scope="col") for title in head.values()))
    body = (html("tr", *(html("td", escape(row.get(key, ""))) for key in head)) for row in rows)
    return html("table", html("thead", titles), html("tbody", *body))
