"""Display results: each as the widget that suits it, and places that are filled as soon as there is a result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Generic, TypeVar

from tonnbook.errors import TonnbookError
from tonnbook.widgets.page import PageWidget, html
from tonnbook.widgets.saved_output import bundle

_MOST_STEMS_S = 600.0
_LATER = "Appears here when the step above is done."
T = TypeVar("T")


class ResultView(Generic[T]):
    """A place for what is made of each result of a form or of another place."""

    def __init__(self, source: Any, make: Callable[[Any], T]) -> None:
        from ipywidgets import HTML, VBox

        self._make = make
        self._listeners: list[Callable[[Any], None]] = []
        self.made: T | None = None
        """What was made of the latest result; None before there is one."""
        self.box = VBox([HTML(html("p", _LATER))])
        source.on_result(self._update)

    def on_result(self, call: Callable[[Any], None]) -> None:
        """Have `call(result)` called for each result of what was made here."""
        self._listeners.append(call)
        if (listen := getattr(self.made, "on_result", None)) is not None:
            listen(call)

    def then(self, make: Callable[..., Any], **options: Any) -> ResultView[Any]:
        """Return a place that displays `make(result, **options)` for each result of what was made here."""
        return ResultView(self, partial(make, **options))

    @property
    def result(self) -> Any:
        """The result of what was made here, if that is a form; None before there is one."""
        return getattr(self.made, "result", None)

    @property
    def sent(self) -> Mapping[str, str]:
        """The request of `result` as code; see `Sender.sent`."""
        return getattr(self.made, "sent", {})

    def _update(self, result: Any) -> None:
        try:
            self.made = self._make(result)
        except (TonnbookError, ValueError, TypeError) as error:
            self.box.children = [view_of(error)]
            return
        self.box.children = [view_of(self.made)]
        if (listen := getattr(self.made, "on_result", None)) is not None:
            for call in self._listeners:
                listen(call)

    def _repr_mimebundle_(self, **_: object) -> tuple[dict[str, Any], dict[str, Any]]:
        made = self.made if isinstance(self.made, PageWidget) else None
        plain, static_html = (made.plain(), made.static_html()) if made else (_LATER, html("p", _LATER))
        return bundle(plain, static_html, self.box.model_id)


def view_of(result: Any) -> Any:
    """Return the widget that displays a result: a player for sounds, the form or place itself, else its HTML or text."""
    from html import escape

    from ipywidgets import HTML, Widget

    from tonnbook.models.masters import Masters
    from tonnbook.widgets.player.sources import HasPlayable

    if isinstance(result, HasPlayable | Masters):
        result = _player(result)
    if isinstance(result, PageWidget):
        result._displayed()
    if hasattr(result, "box"):
        return result.box
    if isinstance(result, Widget):
        return result
    if hasattr(result, "_repr_mimebundle_"):
        return HTML(result._repr_mimebundle_().get("text/html", ""))
    if hasattr(result, "_repr_html_"):
        return HTML(result._repr_html_())
    return HTML(f"<pre>{escape(str(getattr(result, 'summary', result)))}</pre>")


def _player(result: Any) -> Any:
    """Return a player: for the stems of a mix, or for the mix alone if they are so long that their player takes long to make."""
    from tonnbook import audio_files
    from tonnbook.widgets.player.play import play

    stems, mix = getattr(result, "stems", {}), getattr(result, "mix", None)
    if mix is not None and len(stems) * audio_files.info(mix.path).seconds > _MOST_STEMS_S:
        return play(mix, title="mix, without its stems, which are long")
    return play(result)
