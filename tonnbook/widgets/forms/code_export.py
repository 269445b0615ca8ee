"""A request in writing: the Python, the JSON or the curl command that makes it. No key ever stands in any of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from enum import Enum
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo

from tonnbook.models.base import Request

SERVICE = "https://tonn.roexaudio.com"

Spell = Callable[[str | Path], str]
"""How a link or a path is written: in full, or its name only."""


def as_body(request: Request, spell: Spell) -> dict[str, Any]:
    """Return the JSON body with each link and path as `spell` writes it; unlike `to_wire`, local files may stand in it."""
    plain = request.model_dump(mode="json", by_alias=True, exclude_none=True)
    links = {str(place): place for place in _places(request)}
    order = [info.alias or name for name, info in _required_first(request)]
    body = _respelled({name: plain[name] for name in order if name in plain}, {t: spell(p) for t, p in links.items()})
    return {request.envelope: body} if request.envelope else dict(body)


def as_json(body: Mapping[str, Any]) -> str:
    """Return a body as a person reads it."""
    return json.dumps(body, indent=2, ensure_ascii=False)


def as_python(request: Request, spell: Spell) -> str:
    """Return a program that makes the request; run as it stands, `request` is equal to it where `spell` writes in full."""
    text = f"request = {_call(request, spell, '')}\n"
    head = "import tonnbook as tb\n\n"
    return ("from pathlib import Path\n\n" if "Path(" in text else "") + head + text


def as_curl(request: Request, endpoint: str, spell: Spell) -> str:
    """Return a shell command that sends the request to the live service, the key taken from the environment."""
    local = ", ".join(path.name for path in request.local_files())
    hint = f"# Upload first (POST {SERVICE}/upload), then put the links in place of: {local}\n" if local else ""
    return (
        f"{hint}curl -X POST {SERVICE}{endpoint} \\\n"
        '  -H "X-API-Key: $TONN_API_KEY" \\\n'
        '  -H "Content-Type: application/json" \\\n'
        f"  --data-binary @- <<'JSON'\n{as_json(as_body(request, spell))}\nJSON\n"
    )


def _places(request: Request) -> list[str | Path]:
    """Return every path and link that stands in a request."""
    found: list[str | Path] = []
    for value in dict(request).values():
        if isinstance(value, Request):
            found += _places(value)
        elif isinstance(value, tuple):
            found += [place for item in value if isinstance(item, Request) for place in _places(item)]
        elif isinstance(value, Path) or (type(value) is str and value.startswith(("http://", "https://"))):
            found.append(value)
    return found


def _required_first(request: Request) -> list[tuple[str, FieldInfo]]:
    return sorted(type(request).model_fields.items(), key=lambda item: not item[1].is_required())


def _respelled(value: Any, spelled: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _respelled(item, spelled) for key, item in value.items()}
    if isinstance(value, list):
        return [_respelled(item, spelled) for item in value]
    return spelled.get(value, value) if isinstance(value, str) else value


def _call(request: Request, spell: Spell, indent: str) -> str:
    """Return the constructor call, on one line where it is short; what is at its default is left out."""
    inner = indent + "    "
    arguments = [
        f"{name}={_value(value, spell, inner)}"
        for name, info in _required_first(request)
        if (value := getattr(request, name)) != info.get_default(call_default_factory=True) or info.is_required()
    ]
    one_line = f"tb.{type(request).__name__}({', '.join(arguments)})"
    if "\n" not in one_line and len(indent) + len(one_line) <= 110:
        return one_line
    lines = "".join(f"{inner}{argument},\n" for argument in arguments)
    return f"tb.{type(request).__name__}(\n{lines}{indent})"


def _value(value: Any, spell: Spell, indent: str) -> str:
    match value:
        case Enum():
            return repr(value.value).replace("'", '"')
        case Path():
            return f"Path({json.dumps(spell(value), ensure_ascii=False)})"
        case str():
            return json.dumps(spell(value), ensure_ascii=False)
        case Request():
            return _call(value, spell, indent)
        case tuple():
            items = "".join(f"{indent}    {_value(item, spell, indent + '    ')},\n" for item in value)
            return f"[\n{items}{indent}]" if value else "[]"
    return repr(value)
