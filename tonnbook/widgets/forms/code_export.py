"""Export a request as Python, JSON or a curl command. None of them contains a key."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from enum import Enum
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo

from tonnbook.models.base import Request

SERVICE = "https://tonn.roexaudio.com"

FormatSource = Callable[[str | Path], str]
"""Format a link or a path: in full, or only its name."""


def as_body(request: Request, format_source: FormatSource) -> dict[str, Any]:
    """Return the JSON body with links and paths formatted by `format_source`; unlike `to_wire`, it may contain local files."""
    plain = request.model_dump(mode="json", by_alias=True, exclude_none=True)
    formatted = {str(source): format_source(source) for source in _sources(request)}
    order = [info.alias or name for name, info in _required_first(request)]
    body = _replace_strings({name: plain[name] for name in order if name in plain}, formatted)
    return {request.envelope: body} if request.envelope else dict(body)


def as_json(body: Mapping[str, Any]) -> str:
    """Return a body as indented JSON."""
    return json.dumps(body, indent=2, ensure_ascii=False)


def as_python(request: Request, format_source: FormatSource) -> str:
    """Return a program whose variable `request` equals the request, if `format_source` formats in full."""
    text = f"request = {_call(request, format_source, '')}\n"
    head = "import tonnbook as tb\n\n"
    return ("from pathlib import Path\n\n" if "Path(" in text else "") + head + text


def as_curl(request: Request, endpoint: str, format_source: FormatSource) -> str:
    """Return a shell command that sends the request to the live service; the shell takes the key from the environment."""
    local = ", ".join(path.name for path in request.local_files())
    hint = f"# Upload first (POST {SERVICE}/upload), then replace these names by the links: {local}\n" if local else ""
    return (
        f"{hint}curl -X POST {SERVICE}{endpoint} \\\n"
        '  -H "X-API-Key: $TONN_API_KEY" \\\n'
        '  -H "Content-Type: application/json" \\\n'
        f"  --data-binary @- <<'JSON'\n{as_json(as_body(request, format_source))}\nJSON\n"
    )


def as_python_value(value: Any, format_source: FormatSource = str, indent: str = "") -> str:
    """Return the Python expression of a request, of a value in one, or of a mapping of those."""
    match value:
        case Enum():
            return repr(value.value).replace("'", '"')
        case Path():
            return f"Path({json.dumps(format_source(value), ensure_ascii=False)})"
        case str():
            return json.dumps(format_source(value), ensure_ascii=False)
        case Request():
            return _call(value, format_source, indent)
        case tuple():
            items = "".join(f"{indent}    {as_python_value(item, format_source, indent + '    ')},\n" for item in value)
            return f"[\n{items}{indent}]" if value else "[]"
        case Mapping():
            entries = "".join(
                f"{indent}    {json.dumps(name)}: {as_python_value(item, format_source, indent + '    ')},\n"
                for name, item in value.items()
            )
            return f"{{\n{entries}{indent}}}" if value else "{}"
    return repr(value)


def _sources(request: Request) -> list[str | Path]:
    """Return every path and link in a request."""
    found: list[str | Path] = []
    for value in dict(request).values():
        if isinstance(value, Request):
            found += _sources(value)
        elif isinstance(value, tuple):
            found += [source for item in value if isinstance(item, Request) for source in _sources(item)]
        elif isinstance(value, Path) or (type(value) is str and value.startswith(("http://", "https://"))):
            found.append(value)
    return found


def _required_first(request: Request) -> list[tuple[str, FieldInfo]]:
    return sorted(type(request).model_fields.items(), key=lambda item: not item[1].is_required())


def _replace_strings(value: Any, replacements: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _replace_strings(item, replacements) for key, item in value.items()}
    if isinstance(value, list):
        return [_replace_strings(item, replacements) for item in value]
    return replacements.get(value, value) if isinstance(value, str) else value


def _call(request: Request, format_source: FormatSource, indent: str) -> str:
    """Return the constructor call without defaults, on one line if it is short."""
    inner = indent + "    "
    arguments = [
        f"{name}={as_python_value(value, format_source, inner)}"
        for name, info in _required_first(request)
        if (value := getattr(request, name)) != info.get_default(call_default_factory=True) or info.is_required()
    ]
    one_line = f"tb.{type(request).__name__}({', '.join(arguments)})"
    if "\n" not in one_line and len(indent) + len(one_line) <= 110:
        return one_line
    lines = "".join(f"{inner}{argument},\n" for argument in arguments)
    return f"tb.{type(request).__name__}(\n{lines}{indent})"
