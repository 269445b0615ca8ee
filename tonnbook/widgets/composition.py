"""The form of a composition: a prompt with what was understood of it, or parameters with sections on a time line.

Sections are held by their lengths alone, so they can neither gap nor overlap. What the service blocks is greyed, with the reason.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
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
    Emotion,
    Genre,
    Section,
    Tempo,
)
from tonnbook.models.problems import Problem, problems
from tonnbook.models.prompt import PromptReading, read_prompt
from tonnbook.widgets.content import check_names
from tonnbook.widgets.page import PageWidget, html, script, style, table
from tonnbook.widgets.written import as_body, as_json, as_python

SERVICE = "https://sync.beatoven.ai"
_FIELDS = ("title", "genre", "tempo", "sections")


class CompositionBuilder(PageWidget):
    """The form of a composition.

    Parameters
    ----------
    prompt
        Words to begin with; without them the form begins with parameters.
    options
        What the service takes, as `beatoven.options` gives it; the studio's own list otherwise.
    fields
        Fields of `CompositionRequest` to begin with: title, genre, tempo, sections, duration_ms.

    >>> builder = tb.CompositionBuilder("30 seconds of peaceful lo-fi")
    >>> song = await beatoven.compose(builder.request)
    """

    _esm = script("writing", "composition")
    _css = style("writing", "form", "composition")

    mode = traitlets.Unicode("prompt").tag(sync=True)
    prompt = traitlets.Unicode("").tag(sync=True)
    value: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    choices: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    blocked: traitlets.List[Any] = traitlets.List().tag(sync=True)
    reading: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    faults: traitlets.List[Any] = traitlets.List().tag(sync=True)
    views: traitlets.Dict[str, str] = traitlets.Dict().tag(sync=True)

    def __init__(self, prompt: str = "", *, options: CompositionOptions = OPTIONS, **fields: Any) -> None:
        check_names(fields, [*_FIELDS, "duration_ms"], "CompositionBuilder")
        self._lock = RLock()  # callbacks may come in another thread than the cell's
        self._options = options
        super().__init__(
            mode="prompt" if prompt or not fields else "parameters",
            prompt=prompt,
            choices={name: [{"value": w.value, "label": w.label} for w in kind] for name, kind in _WORDS.items()},
            blocked=[[b.genre.value, b.tempo.value, e.value] for b in options.blocked for e in b.emotions],
        )
        self._fill(fields)
        self.observe(self._review, ["mode", "prompt", "value"])

    # ---- the request

    @property
    def request(self) -> CompositionRequest:
        """The request as the form stands. Raises pydantic.ValidationError, or ValueError for a blocked combination."""
        request = CompositionRequest.model_validate(self._given())
        if found := self._options.problems(request):
            raise ValueError("; ".join(map(str, found)))
        return request

    @property
    def problems(self) -> list[Problem]:
        """What is wrong with the request; empty when it can be sent."""
        try:
            return self._options.problems(CompositionRequest.model_validate(self._given()))
        except ValidationError as error:
            return problems(error)

    @property
    def understood(self) -> PromptReading | None:
        """What the prompt is read as; None where there is none."""
        return read_prompt(self.prompt, self._options) if self.mode == "prompt" and self.prompt.strip() else None

    def to_json(self) -> str:
        """Return the JSON body."""
        return as_json(as_body(self.request, str))

    def to_python(self) -> str:
        """Return a program that makes an equal request."""
        return as_python(self.request, str)

    def to_curl(self) -> str:
        """Return the shell command that creates the track on the live service, the key taken from the environment."""
        return (
            f"curl -X POST {SERVICE}/api/v2/tracks \\\n"
            '  -H "Authorization: api_key $BEATOVEN_API_KEY" \\\n'
            '  -H "Content-Type: application/json" \\\n'
            f"  --data-binary @- <<'JSON'\n{self.to_json()}\nJSON\n"
        )

    # ---- editing from Python

    def set(self, **fields: Any) -> Self:
        """Change fields: prompt, title, genre, tempo, sections, duration_ms. A prompt and parameters put each other aside.

        >>> builder.set(genre="rnb", sections=[("calm", 20), ("joyful", 10)])      # emotion and seconds

        Raises TypeError for a field that there is not.
        """
        check_names(fields, ["prompt", *_FIELDS, "duration_ms"], "CompositionBuilder.set")
        if "prompt" in fields:
            self.prompt, self.mode = fields.pop("prompt"), "prompt"
        elif fields.keys() - {"title"}:
            self.mode = "parameters"
        if fields:
            self._fill({**self.value, **fields})
        return self

    def load(self, request: CompositionRequest | str | Path) -> Self:
        """Fill the form from a request, a JSON text, or a JSON file. Raises pydantic.ValidationError or ValueError."""
        if not isinstance(request, CompositionRequest):
            text = request.read_text(encoding="utf-8") if isinstance(request, Path) else request
            request = CompositionRequest.from_wire(json.loads(text))
        with self._lock, self.hold_trait_notifications():
            self.mode, self.prompt = ("prompt", request.prompt) if request.prompt else ("parameters", "")
            self._fill({name: value for name, value in dict(request).items() if value is not None and name != "prompt"})
        return self

    # ---- the twin

    def plain(self) -> str:
        """Return the form in one line of text."""
        count = len(self.problems)
        return f"CompositionBuilder({self.mode}, {f'{count} to put right' if count else 'ready'})"

    def twin(self) -> str:
        """Return the request as a plain table."""
        head = {"emotion": "Emotion", "start": "From", "length": "Seconds"}
        reading = self.understood
        sections = reading.sections if reading else _tiled(self.value["sections"])
        rows = [
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
        return html("div", html("b", "Composition"), *paragraphs, table(head, rows))

    # ---- inside

    def _fill(self, fields: Mapping[str, Any]) -> None:
        given = fields.get("sections")
        rows = [_row(section) for section in given] if given else [{"emotion": "motivational", "length_ms": DEFAULT_MS}]
        if fields.get("duration_ms"):
            rows = _stretched(rows, int(fields["duration_ms"]))
        kept = {
            "title": fields.get("title") or "",
            "genre": str(fields.get("genre") or "ambient").lower(),
            "tempo": str(fields.get("tempo") or "medium").lower(),
        }
        with self._lock:
            self.value = {**kept, "sections": rows}
            self._review()

    def _given(self) -> dict[str, Any]:
        title = {"title": self.value["title"]} if self.value.get("title") else {}
        if self.mode == "prompt":
            return {"prompt": self.prompt, **title}
        sections = _laid_out(self.value.get("sections", []))
        total = sum(section["length"] for section in sections)
        return {
            "genre": self.value["genre"],
            "tempo": self.value["tempo"],
            "duration_ms": total,
            "sections": sections,
            **title,
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


_WORDS: dict[str, type[Genre] | type[Emotion] | type[Tempo]] = {"genre": Genre, "emotion": Emotion, "tempo": Tempo}


def _row(section: Any) -> dict[str, Any]:
    """Return a section as the form holds it, from one of ours, a JSON object, or (emotion, seconds)."""
    if isinstance(section, Section):
        return {"emotion": section.emotion.value, "length_ms": section.length_ms}
    if isinstance(section, Mapping):
        length = section.get("length_ms", section.get("length", DEFAULT_MS))
        return {"emotion": str(section.get("emotion", "")).lower(), "length_ms": int(length)}
    emotion, seconds = section
    return {"emotion": str(emotion).lower(), "length_ms": round(1000 * seconds)}


def _stretched(rows: Sequence[Mapping[str, Any]], total: int) -> list[dict[str, Any]]:
    """Return the sections in the same proportions with a sum of `total` milliseconds."""
    before = sum(row["length_ms"] for row in rows)
    ends, at = [], 0
    for row in rows:
        at += row["length_ms"]
        ends.append(total * at // before)
    starts = [0, *ends[:-1]]
    return [{**row, "length_ms": b - a} for row, a, b in zip(rows, starts, ends, strict=True)]


def _laid_out(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the sections as they travel, one after the other."""
    found, at = [], 0
    for row in rows:
        found.append({"emotion": row["emotion"], "start": at, "length": row["length_ms"]})
        at += row["length_ms"]
    return found


def _tiled(rows: Sequence[Mapping[str, Any]]) -> list[Section]:
    return [
        Section.model_construct(emotion=r["emotion"], start_ms=r["start"], length_ms=r["length"])
        for r in _laid_out(rows)
    ]
