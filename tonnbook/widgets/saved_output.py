"""What the cell of a widget saves: the widget itself, and static HTML for where no model is alive.

JupyterLab prefers the widget to HTML in one output and saves no models, so a saved notebook that its owner opens again would show
"model not found". The static HTML is therefore an output of its own, before that of the widget. A style sheet in it shows the one or the
other, by whether the widget has a view.
"""

from __future__ import annotations

import os
from typing import Any

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"

_ONE_OF_TWO = (
    "<style>"
    ".jp-OutputArea-child:has(.tb-static):has(+ .jp-OutputArea-child > .jp-OutputArea-output:not(.jupyter-widgets, .jp-RenderedHTML)),"
    ".jp-OutputArea-child:has(.tb-static) + .jp-OutputArea-child:has(> .jp-OutputArea-output.jupyter-widgets)"
    "{display: none}"
    "</style>"
)
"""JupyterLab gives the class `jupyter-widgets` to an output whose model it does not find; in an untrusted notebook the output is HTML."""


def bundle(plain: str, static_html: str, view_id: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the mimebundle that displays the model `view_id`, or text and HTML where no widget can be displayed.

    In JupyterLab and Notebook the static HTML is displayed first, as an output of its own. Where no page is open, as in
    `nbconvert --execute`, it is all that is displayed: nbconvert would save the model, which could play nothing.
    """
    data: dict[str, Any] = {"text/plain": plain, "text/html": static_html}
    view = {"version_major": 2, "version_minor": 1, "model_id": view_id}
    kernel = _kernel()
    page = kernel is None or "VOILA_KERNEL_ID" in os.environ or _has_page(kernel)
    if kernel is not None and (
        "JPY_SESSION_NAME" in os.environ or not page
    ):  # set by Jupyter Server; elsewhere one output is enough
        _publish(static_html, view_id)
        data["text/html"] = "<span></span>"
    return (data | {WIDGET_VIEW: view} if page else data), {}


def update_static_html(static_html: str, view_id: str) -> None:
    """Replace the static HTML that was displayed with the model `view_id`, as when a job is done."""
    if _kernel() is not None:
        _publish(static_html, view_id, update=True)


def _publish(static_html: str, view_id: str, update: bool = False) -> None:
    from IPython.display import publish_display_data

    page = {"text/html": f'{_ONE_OF_TWO}<div class="tb-static">{static_html}</div>', "text/plain": ""}
    publish_display_data(page, transient={"display_id": f"tonnbook-{view_id}"}, update=update)


def _kernel() -> Any:
    from IPython.core.getipython import get_ipython

    return getattr(get_ipython(), "kernel", None)


def _has_page(kernel: Any) -> bool:
    """Return whether a page displays the output: nbclient, which executes notebooks without one, allows no input."""
    allowed: bool = kernel.get_parent("shell").get("content", {}).get("allow_stdin", True)
    return allowed
