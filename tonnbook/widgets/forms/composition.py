"""`CompositionBuilder`: the form of a composition, from a prompt or from parameters with sections on a timeline.

Sections are stored as lengths, so there can be no gaps and no overlaps between them. Combinations that the service blocks are disabled.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path
from threading import RLock
from typing import Any, Self

import traitlets
from pydantic import ValidationError

from tonnbook.models.composition import DEFAULT_MS, MAX_MS, MIN_MS, OPTIONS, CompositionOptions, CompositionRequest
from tonnbook.models.composition_resolved import Resolved, blocked_combinations, resolve
from tonnbook.models.problems import Problem, problems
from tonnbook.models.prompt.quantities import NOTES
from tonnbook.models.prompt.reader import PromptReading
from tonnbook.widgets.forms.code_export import as_body, as_json, as_python
from tonnbook.widgets.forms.composition_sections import (
    choices,
    lengths_allowed,
    possible,
    section_row,
    sections_of,
    wire_sections,
    with_duration,
)
from tonnbook.widgets.forms.form import FIX_FIRST, error_count
from tonnbook.widgets.forms.form_values import check_field_names, read_json
from tonnbook.widgets.forms.presets import PresetForm
from tonnbook.widgets.page import html, script, style, table

SERVICE = "https://sync.beatoven.ai"
_OVERRIDES = ("genre", "tempo", "sections", "duration_ms")
_FIELDS = ("title", "seed", *_OVERRIDES)


class CompositionBuilder(PresetForm):
    """The form of a composition.

    Parameters
    ----------
    prompt
        Initial prompt; without one the form starts with parameters. Fields together with a prompt override it.
    options
        Genres, emotions and tempos of the service, as `beatoven.options` returns them; by default the studio's.
    client
        What the button sends with; by default the local studio, once `tb.offline()` has started it.
    fields
        Initial fields of `CompositionRequest`: title, seed, genre, tempo, sections, duration_ms.

    >>> builder = tb.CompositionBuilder("30 seconds of peaceful lo-fi")
    >>> song = await beatoven.compose(builder.request)
    """

    _esm = script("forms/code_export", "forms/sender", "forms/presets", "forms/composition")
    _css = style("forms/code_export", "forms/sender", "forms/form", "forms/composition")

    service, call, verb = "beatoven", "compose", "Compose"

    mode = traitlets.Unicode("prompt").tag(sync=True)
    prompt = traitlets.Unicode("").tag(sync=True)
    value: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    choices: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    blocked: traitlets.List[Any] = traitlets.List().tag(sync=True)
    reading: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    errors: traitlets.List[Any] = traitlets.List().tag(sync=True)
    code: traitlets.Dict[str, str] = traitlets.Dict().tag(sync=True)

    def __init__(
        self, prompt: str = "", *, options: CompositionOptions = OPTIONS, client: Any = None, **fields: Any
    ) -> None:
        check_field_names(fields, _FIELDS, "CompositionBuilder")
        self._lock = RLock()  # callbacks may run in another thread than the cell's
        self._options = options
        self._taken: tuple[str, Any] = ("", None)
        super().__init__(
            client,
            mode="prompt" if prompt or not fields else "parameters",
            prompt=prompt,
            choices=choices(options),
            blocked=[[b.genre.value, b.tempo.value, e.value] for b in options.blocked for e in b.emotions],
        )
        self._fill(fields, with_prompt=bool(prompt))
        self.observe(self._take_reading, "mode")
        self.observe(self._validate, ["mode", "prompt", "value"])

    # ---- the request

    @property
    def request(self) -> CompositionRequest:
        """The request with the current values. Raises pydantic.ValidationError, or ValueError for a blocked combination."""
        request = self._options.request(**self._request_values())
        if found := blocked_combinations(request, self._options):
            raise ValueError("; ".join(map(str, found)))
        return request

    @property
    def problems(self) -> list[Problem]:
        """The problems of the request; empty when it can be sent."""
        try:
            return blocked_combinations(self._options.request(**self._request_values()), self._options)
        except ValidationError as error:
            return problems(error)

    @property
    def understood(self) -> PromptReading | None:
        """What the reader understood from the prompt; None if there is no prompt."""
        resolved = self._resolved() if self.mode == "prompt" and self.prompt.strip() else None
        return resolved.reading if resolved else None

    def to_json(self) -> str:
        """Return the JSON body."""
        return as_json(as_body(self.request, str))

    def to_python(self) -> str:
        """Return a program that builds an equal request."""
        return as_python(self.request, str)

    def to_curl(self) -> str:
        """Return the shell command that creates the track on the live service; the shell takes the key from the environment.

        A seed is omitted, because the live service accepts none.
        """
        request = self.request
        comment = "# without the seed, which only the local studio accepts\n" if request.seed is not None else ""
        body = as_json(as_body(request.model_copy(update={"seed": None}), str))
        return (
            f"{comment}curl -X POST {SERVICE}/api/v2/tracks \\\n"
            '  -H "Authorization: api_key $BEATOVEN_API_KEY" \\\n'
            '  -H "Content-Type: application/json" \\\n'
            f"  --data-binary @- <<'JSON'\n{body}\nJSON\n"
        )

    # ---- editing from Python

    def set(self, **fields: Any) -> Self:
        """Change fields: prompt, title, seed, genre, tempo, sections, duration_ms.

        A prompt replaces the parameters. Parameters replace the prompt: what was understood of it stays where they do not change
        it. Passed together, the parameters override the prompt.

        >>> builder.set(genre="rnb", sections=[("calm", 20), ("joyful", 10)])      # emotion and seconds

        Raises TypeError for an unknown field.
        """
        check_field_names(fields, ["prompt", *_FIELDS], "CompositionBuilder.set")
        with_prompt = "prompt" in fields and bool(fields.keys() & set(_OVERRIDES))
        if "prompt" in fields:
            self.prompt, self.mode = fields.pop("prompt"), "prompt"
        elif fields.keys() - {"title", "seed"}:
            self.mode = "parameters"
        kept = {} if self.mode == "parameters" or with_prompt else self.value["overrides"]
        if "sections" in fields:  # they replace a length that was not possible
            fields = {"duration_ms": None, **fields}
        self._fill(fields if with_prompt else {**self.value, **fields}, with_prompt=with_prompt, kept=kept)
        return self

    def load(self, request: CompositionRequest | str | Path) -> Self:
        """Fill the form from a request, a JSON text, or a JSON file. Raises pydantic.ValidationError or ValueError."""
        if not isinstance(request, CompositionRequest):
            request = CompositionRequest.from_wire(read_json(request))
        with self._lock, self.hold_trait_notifications():
            self.mode, self.prompt = ("prompt", request.prompt) if request.prompt else ("parameters", "")
            fields = {name: value for name, value in dict(request).items() if value is not None and name != "prompt"}
            self._fill(fields, with_prompt=bool(request.prompt))
        return self

    # ---- text and static HTML

    def plain(self) -> str:
        """Return the form in one line of text."""
        return f"CompositionBuilder({self.mode}, {error_count(len(self.problems))})"

    def static_html(self) -> str:
        """Return the request as an HTML table."""
        head = {"emotion": "Emotion", "start": "From", "length": "Seconds"}
        reading = self.understood
        sections = reading.sections if reading else sections_of(self.value["sections"])
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

    def _fill(
        self, fields: Mapping[str, Any], with_prompt: bool = False, kept: Mapping[str, Any] | None = None
    ) -> None:
        """Set all fields; with a prompt, the given ones override it and replace the overrides `kept` so far."""
        given = fields.get("sections")
        sections = (
            [section_row(section) for section in given]
            if given
            else [{"emotion": "motivational", "length_ms": DEFAULT_MS}]
        )
        total_ms = fields.get("duration_ms")
        if total_ms is not None and possible(sections, total_ms):
            sections, total_ms = with_duration(sections, int(total_ms)), None
        value = {
            "title": fields.get("title") or "",
            "seed": fields.get("seed"),
            "genre": str(fields.get("genre") or "ambient").lower(),
            "tempo": str(fields.get("tempo") or "medium").lower(),
        }
        complete: dict[str, Any] = {
            **value,
            "sections": wire_sections(sections),
            "duration_ms": sum(section["length_ms"] for section in sections) if total_ms is None else total_ms,
        }
        overrides = dict(kept or {})
        if with_prompt:
            overrides = {name: complete[name] for name in _OVERRIDES if fields.get(name) is not None}
        with self._lock:
            self.value = {**value, "sections": sections, "duration_ms": total_ms, "overrides": overrides}
            self._validate()

    def _resolved(self) -> Resolved | None:
        """Return the request with everything resolved; None if it is invalid."""
        try:
            return resolve(self._options.request(**self._request_values()), self._options)
        except ValidationError:
            return None

    def _request_values(self) -> dict[str, Any]:
        """Return the values for the model."""
        optional = {
            name: self.value[name]
            for name in ("title", "seed")
            if self.value.get(name) is not None and self.value[name] != ""
        }
        if self.mode == "prompt":
            return {"prompt": self.prompt, **self.value.get("overrides", {}), **optional}
        sections = wire_sections(self.value.get("sections", []))
        total = self.value.get("duration_ms")
        return {
            "genre": self.value["genre"],
            "tempo": self.value["tempo"],
            "duration_ms": sum(section["length"] for section in sections) if total is None else total,
            "sections": sections,
            **optional,
        }

    def _validate(self, _: object = None) -> None:
        """Read the prompt, validate the request, and update errors and code."""
        with self._lock, self.hold_sync():
            reading = self.understood
            self.reading = reading.model_dump(mode="json") if reading else {}
            found = self.problems
            self.errors = [self._page_error(problem) for problem in found]
            if found:
                self.code = dict.fromkeys(("json", "python", "curl"), f"# {FIX_FIRST}")
            else:
                self.code = {"json": self.to_json(), "python": self.to_python(), "curl": self.to_curl()}

    def _page_error(self, problem: Problem) -> dict[str, Any]:
        """Return a problem as the page displays it: lengths in seconds."""
        rows, path = self.value.get("sections", []), list(problem.path)
        total_ms = self.value.get("duration_ms")
        match path:
            case ["sections", int(n), "length"]:
                return {
                    "path": path,
                    "message": f"{rows[n]['length_ms'] / 1000:g} s; {MIN_MS / 1000:g} to {MAX_MS / 1000:g} s is allowed",
                }
            case ["duration_ms"] | ["sections", int(), "start"] | [] if self.mode == "parameters" and rows:
                seconds = (sum(row["length_ms"] for row in rows) if total_ms is None else total_ms) / 1000
                return {
                    "path": ["duration_ms"],
                    "message": f"{seconds:g} s in all is not possible: {lengths_allowed(rows)}",
                }
        return {"path": path, "message": problem.message}

    def _take_reading(self, change: Mapping[str, Any]) -> None:
        """Set the parameters to what was understood of the prompt, once for each prompt: later edits of them stay."""
        overrides = self.value.get("overrides", {})
        if change["new"] != "parameters" or not self.prompt.strip() or self._taken == (self.prompt, overrides):
            self.note = ""
            return
        try:
            found = resolve(self._options.request(prompt=self.prompt, **overrides), self._options)
        except ValidationError:
            return
        self._taken = (self.prompt, overrides)
        rows = [section_row(section) for section in found.sections]
        chosen = {"genre": found.genre.value, "tempo": found.tempo.value, "sections": rows, "duration_ms": None}
        self.value = {**self.value, **chosen}
        lost = _only_in_prompts(found)
        self.note = f"Parameters cannot ask for {', '.join(lost)}; a prompt can." if lost else ""

    # ---- presets, what the page sends

    def _edit(self, message: Mapping[str, Any]) -> None:
        if message.get("kind") == "seconds":
            self.set(duration_ms=round(1000 * float(message["seconds"])))
        else:
            super()._edit(message)

    def _settings(self) -> dict[str, Any]:
        return {"mode": self.mode, "prompt": self.prompt, **self.value, "title": ""}

    def _apply_settings(self, settings: Mapping[str, Any]) -> None:
        known = {name: value for name, value in settings.items() if name in self.value and name != "title"}
        with self._lock, self.hold_trait_notifications():
            self.prompt = str(settings.get("prompt", ""))
            self.mode, self.value = str(settings.get("mode", "prompt")), {**self.value, **known}
            self._taken = (self.prompt, self.value["overrides"])

    def _fault(self) -> str:
        return FIX_FIRST if self.problems else ""

    def _cost(self, client: Any) -> str:
        return "credits (the service does not publish how many)"


def _only_in_prompts(found: Resolved) -> list[str]:
    """Return what a prompt asks for that parameters cannot express."""
    reading = found.reading
    if reading is None:
        return []
    key = "" if reading.tonic is None else f"the key of {NOTES[reading.tonic]}"
    mode = {True: "major", False: "minor", None: ""}[reading.major]
    parts = [
        f"{found.bpm:g} bpm" if found.bpm else "",
        " ".join(filter(None, [key, mode])),
        reading.instrument or "",
        *(f"no {each}" for each in dict.fromkeys((*reading.silent, *reading.without))),
    ]
    return [part for part in parts if part]
