"""The form of a composition: a prompt with what was understood of it, or parameters with sections on a time line.

Sections are held by their lengths alone, so they can neither gap nor overlap. What the service blocks is greyed, with the reason.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from pathlib import Path
from threading import RLock
from typing import Any, Self

import traitlets
from pydantic import ValidationError

from tonnbook.models.composition import (
    DEFAULT_MS,
    OPTIONS,
    CompositionOptions,
    CompositionRequest,
)
from tonnbook.models.composition_resolved import Resolved, blocked_combinations, resolve
from tonnbook.models.problems import Problem, problems
from tonnbook.models.prompt.reader import PromptReading
from tonnbook.widgets.forms import composition_rows as rows
from tonnbook.widgets.forms.code_export import as_body, as_json, as_python
from tonnbook.widgets.forms.form_values import check_names
from tonnbook.widgets.page import PageWidget, html, script, style, table

SERVICE = "https://sync.beatoven.ai"
_OVERRULING = ("genre", "tempo", "sections", "duration_ms")
_FIELDS = ("title", "seed", *_OVERRULING)


class CompositionBuilder(PageWidget):
    """The form of a composition.

    Parameters
    ----------
    prompt
        Words to begin with; without them the form begins with parameters. Fields beside a prompt overrule it.
    options
        What the service takes, as `beatoven.options` gives it; the studio's own list otherwise.
    fields
        Fields of `CompositionRequest` to begin with: title, seed, genre, tempo, sections, duration_ms.

    >>> builder = tb.CompositionBuilder("30 seconds of peaceful lo-fi")
    >>> song = await beatoven.compose(builder.request)
    """

    _esm = script("forms/code_export", "forms/composition")
    _css = style("forms/code_export", "forms/form", "forms/composition")

    mode = traitlets.Unicode("prompt").tag(sync=True)
    prompt = traitlets.Unicode("").tag(sync=True)
    value: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    choices: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    blocked: traitlets.List[Any] = traitlets.List().tag(sync=True)
    reading: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    faults: traitlets.List[Any] = traitlets.List().tag(sync=True)
    views: traitlets.Dict[str, str] = traitlets.Dict().tag(sync=True)

    def __init__(self, prompt: str = "", *, options: CompositionOptions = OPTIONS, **fields: Any) -> None:
        check_names(fields, _FIELDS, "CompositionBuilder")
        self._lock = RLock()  # callbacks may come in another thread than the cell's
        self._options = options
        super().__init__(
            mode="prompt" if prompt or not fields else "parameters",
            prompt=prompt,
            choices=rows.choices(options),
            blocked=[[b.genre.value, b.tempo.value, e.value] for b in options.blocked for e in b.emotions],
        )
        self._fill(fields, beside=bool(prompt))
        self.observe(self._review, ["mode", "prompt", "value"])

    # ---- the request

    @property
    def request(self) -> CompositionRequest:
        """The request as the form stands. Raises pydantic.ValidationError, or ValueError for a blocked combination."""
        request = self._options.request(**self._given())
        if found := blocked_combinations(request, self._options):
            raise ValueError("; ".join(map(str, found)))
        return request

    @property
    def problems(self) -> list[Problem]:
        """What is wrong with the request; empty when it can be sent."""
        try:
            return blocked_combinations(self._options.request(**self._given()), self._options)
        except ValidationError as error:
            return problems(error)

    @property
    def understood(self) -> PromptReading | None:
        """What the prompt is read as; None where there is none."""
        found = self._settled() if self.mode == "prompt" and self.prompt.strip() else None
        return found.reading if found else None

    def to_json(self) -> str:
        """Return the JSON body."""
        return as_json(as_body(self.request, str))

    def to_python(self) -> str:
        """Return a program that makes an equal request."""
        return as_python(self.request, str)

    def to_curl(self) -> str:
        """Return the shell command that creates the track on the live service, the key taken from the environment.

        A seed is left out, as the service takes none.
        """
        request = self.request
        left_out = "# without the seed, which only the local studio takes\n" if request.seed is not None else ""
        body = as_json(as_body(request.model_copy(update={"seed": None}), str))
        return (
            f"{left_out}curl -X POST {SERVICE}/api/v2/tracks \\\n"
            '  -H "Authorization: api_key $BEATOVEN_API_KEY" \\\n'
            '  -H "Content-Type: application/json" \\\n'
            f"  --data-binary @- <<'JSON'\n{body}\nJSON\n"
        )

    # ---- editing from Python

    def set(self, **fields: Any) -> Self:
        """Change fields: prompt, title, seed, genre, tempo, sections, duration_ms. A prompt and parameters put each other aside.

        >>> builder.set(genre="rnb", sections=[("calm", 20), ("joyful", 10)])      # emotion and seconds

        Raises TypeError for a field that there is not.
        """
        check_names(fields, ["prompt", *_FIELDS], "CompositionBuilder.set")
        beside = "prompt" in fields and bool(fields.keys() & set(_OVERRULING))
        if "prompt" in fields:
            self.prompt, self.mode = fields.pop("prompt"), "prompt"
        elif fields.keys() - {"title", "seed"}:
            self.mode = "parameters"
        kept = {} if self.mode == "parameters" or beside else self.value["beside"]
        self._fill(fields if beside else {**self.value, **fields}, beside=beside, kept=kept)
        return self

    def load(self, request: CompositionRequest | str | Path) -> Self:
        """Fill the form from a request, a JSON text, or a JSON file. Raises pydantic.ValidationError or ValueError."""
        if not isinstance(request, CompositionRequest):
            text = request.read_text(encoding="utf-8") if isinstance(request, Path) else request
            request = CompositionRequest.from_wire(json.loads(text))
        with self._lock, self.hold_trait_notifications():
            self.mode, self.prompt = ("prompt", request.prompt) if request.prompt else ("parameters", "")
            fields = {name: value for name, value in dict(request).items() if value is not None and name != "prompt"}
            self._fill(fields, beside=bool(request.prompt))
        return self

    # ---- the twin

    def plain(self) -> str:
        """Return the form in one line of text."""
        count = len(self.problems)
        return f"CompositionBuilder({self.mode}, {f'{count} to put right' if count else 'ready'})"

    def static_html(self) -> str:
        """Return the request as a plain table."""
        head = {"emotion": "Emotion", "start": "From", "length": "Seconds"}
        reading = self.understood
        sections = reading.sections if reading else rows.tiled(self.value["sections"])
        body = [
            {"emotion": str(s.emotion), "start": f"{s.start_ms / 1000:g}", "length": f"{s.length_ms / 1000:g}"}
            for s in sections
        ]
        genre, tempo = (reading.genre, reading.tempo) if reading else (self.value["genre"], self.value["tempo"])
        lines = [self.prompt] if reading else []
        lines.append(f"{genre}, {tempo}")
        if reading and reading.not_understood:
            lines.append(f"not understood: {', '.join(reading.not_understood)}")
        lines += [str(problem) for problem in self.problems]
        paragraphs = (html("p", escape(line)) for line in lines)
        return html("div", html("b", "Composition"), *paragraphs, table(head, body))

    # ---- inside

    def _fill(self, fields: Mapping[str, Any], beside: bool = False, kept: Mapping[str, Any] | None = None) -> None:
        """Take fields over; `beside`: those that are given go beside the prompt, in place of what has been `kept` there."""
        given = fields.get("sections")
        parts = (
            [rows.row_of(part) for part in given] if given else [{"emotion": "motivational", "length_ms": DEFAULT_MS}]
        )
        if fields.get("duration_ms"):
            parts = rows.of_length(parts, int(fields["duration_ms"]))
        value = {
            "title": fields.get("title") or "",
            "seed": fields.get("seed"),
            "genre": str(fields.get("genre") or "ambient").lower(),
            "tempo": str(fields.get("tempo") or "medium").lower(),
        }
        whole: dict[str, Any] = {
            **value,
            "sections": rows.laid_out(parts),
            "duration_ms": sum(part["length_ms"] for part in parts),
        }
        overruling = dict(kept or {})
        if beside:
            overruling = {name: whole[name] for name in _OVERRULING if fields.get(name) is not None}
        with self._lock:
            self.value = {**value, "sections": parts, "beside": overruling}
            self._review()

    def _settled(self) -> Resolved | None:
        """Return what the request comes to; None while it cannot be read."""
        try:
            return resolve(self._options.request(**self._given()), self._options)
        except ValidationError:
            return None

    def _given(self) -> dict[str, Any]:
        more = {
            name: self.value[name]
            for name in ("title", "seed")
            if self.value.get(name) is not None and self.value[name] != ""
        }
        if self.mode == "prompt":
            return {"prompt": self.prompt, **self.value.get("beside", {}), **more}
        sections = rows.laid_out(self.value.get("sections", []))
        total = sum(section["length"] for section in sections)
        return {
            "genre": self.value["genre"],
            "tempo": self.value["tempo"],
            "duration_ms": total,
            "sections": sections,
            **more,
        }

    def _review(self, _: object = None) -> None:
        """Read the prompt, judge the request, and write it down in three ways."""
        with self._lock, self.hold_sync():
            reading = self.understood
            self.reading = reading.model_dump(mode="json") if reading else {}
            found = self.problems
            self.faults = [{"path": list(problem.path), "message": problem.message} for problem in found]
            if found:
                wait = "# Put right what is marked first."
                self.views = {"json": wait, "python": wait, "curl": wait}
            else:
                self.views = {"json": self.to_json(), "python": self.to_python(), "curl": self.to_curl()}
