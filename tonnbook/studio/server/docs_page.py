"""One page about all calls, made from the OpenAPI document. It loads nothing from anywhere: FastAPI's own page needs a CDN."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

_SOURCES = re.compile(r"\s*(\[[SCGI]\])+")
"""The marks that name a value's source in models.vocabulary."""

CONTENT_SECURITY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'"

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; color: #1a1a1a; }
section { border-top: 1px solid #ccc; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .2rem .8rem .2rem 0; border-bottom: 1px solid #eee; }
code, pre, textarea, input { font: 13px/1.45 ui-monospace, monospace; }
pre { background: #f4f4f4; padding: .6rem; overflow-x: auto; }
textarea { width: 100%; box-sizing: border-box; }
.verb { background: #05668d; color: #fff; padding: 0 .4rem; border-radius: 3px; }
@media (prefers-color-scheme: dark) {
  body { background: #161616; color: #e4e4e4; } pre { background: #242424; }
  section, th, td { border-color: #3a3a3a; } textarea, input { background: #242424; color: inherit; }
}
"""

_SCRIPT = """
for (const form of document.forms) form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const out = form.querySelector("output"), call = form.dataset, body = form.elements.body;
  out.textContent = "…";
  try {
    const headers = { "X-API-Key": document.getElementById("key").value, "Content-Type": "application/json" };
    const answer = await fetch(form.elements.path.value, { method: call.method, headers, body: body && body.value });
    out.textContent = answer.status + "\\n" + JSON.stringify(await answer.json(), null, 2);
  } catch (error) { out.textContent = String(error); }
});
"""


def docs_page(document: Mapping[str, Any]) -> str:
    """Return the page as HTML: per call its fields with unit, range and allowed values, a curl line, and a form to try it."""
    info = document["info"]
    calls = "".join(
        _call(document, method, path, call)
        for path, methods in document["paths"].items()
        for method, call in methods.items()
    )
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(info['title'])}</title><style>{_STYLE}</style>"
        f"<h1>{escape(info['title'])}</h1><p>{escape(info['description'])} The same as data: "
        f"<a href=/openapi.json>openapi.json</a>.</p><p><label>Key for the forms below: "
        f"<input id=key type=password autocomplete=off></label></p>{calls}<script>{_SCRIPT}</script></html>"
    )


def _call(document: Mapping[str, Any], method: str, path: str, call: Mapping[str, Any]) -> str:
    content = call.get("requestBody", {}).get("content", {}).get("application/json", {})
    body = json.dumps(content["example"], indent=2, ensure_ascii=False) if content else None
    statuses = "; ".join(f"<b>{code}</b> {escape(answer['description'])}" for code, answer in call["responses"].items())
    return (
        f"<section><h2><span class=verb>{method.upper()}</span> {escape(path)}</h2>"
        f"<p><b>{escape(call['summary'])}.</b> {escape(call.get('description', ''))}</p>"
        f"{_table(document, content['schema']) if content else ''}<p>Answers: {statuses}.</p>{_answer(document, call)}"
        f"<pre>{escape(_curl(method, path, body, call))}</pre>{_form(method, path, body)}</section>"
    )


def _answer(document: Mapping[str, Any], call: Mapping[str, Any]) -> str:
    schema = call["responses"]["200"].get("content", {}).get("application/json", {}).get("schema", {})
    table = _table(document, schema)
    return f"<details><summary>Fields of the answer</summary>{table}</details>" if table else ""


def _curl(method: str, path: str, body: str | None, call: Mapping[str, Any]) -> str:
    lines = [f"curl -X {method.upper()} '$STUDIO{path}'".replace("'", '"')]
    if call.get("security"):
        lines.append('-H "X-API-Key: $KEY"')
    if body:
        lines += ['-H "Content-Type: application/json"', f"-d '{json.dumps(json.loads(body), ensure_ascii=False)}'"]
    return " \\\n  ".join(lines)


def _form(method: str, path: str, body: str | None) -> str:
    if path.startswith("/files/"):
        return ""  # a signed link is the whole call
    rows = (body or "").count("\n") + 1
    field = f"<textarea name=body rows={rows}>{escape(body)}</textarea>" if body else ""
    place = f'<input name=path value="{escape(path)}"{" type=hidden" if body else " size=50"}>'
    return (
        f"<details><summary>Try it</summary><form data-method={method.upper()}>{place}{field}"
        "<p><button>Send</button></p><pre><output></output></pre></form></details>"
    )


def _table(document: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    rows = "".join(
        f"<tr><td style='padding-left:{depth * 1.2}em'><code>{escape(name)}</code>"
        f"<td>{escape(kind)}<td>{escape(allowed)}<td>{escape(remark)}"
        for depth, name, kind, allowed, remark in _fields(document, schema, 0)
    )
    return f"<table><tr><th>field<th>type<th>allowed<th>about it{rows}</table>" if rows else ""


def _fields(
    document: Mapping[str, Any], schema: Mapping[str, Any], depth: int
) -> Iterator[tuple[int, str, str, str, str]]:
    """Yield (depth, name, type, allowed values, remark) of every field of an object, those inside it below it."""
    schema = _resolved(document, schema)
    before: Mapping[str, Any] = {}
    for name, raw in schema.get("properties", {}).items():
        field = _resolved(document, raw)
        part, sign = _inside(field)
        needed = "needed" if name in schema.get("required", ()) else ""
        remark = "; ".join(filter(None, [needed, _default(field), _words(name, field)]))
        yield depth, name + sign, _type(field), _allowed(field), remark
        if raw != before:  # band_2 to band_6 are as band_1
            yield from _fields(document, part, depth + 1)
        before = raw


def _words(name: str, field: Mapping[str, Any]) -> str:
    """Return what is said of a field; a title that pydantic made from the name says nothing."""
    title = field.get("title", "")
    made_up = re.sub(r"[ _]", "", title.lower()) == name.replace("_", "").lower()
    return _SOURCES.sub("", field.get("description") or ("" if made_up else title))


def _inside(field: Mapping[str, Any]) -> tuple[Mapping[str, Any], str]:
    """Return what a field is made of, and how that is written: the entries of a list, the values of a map, itself."""
    if "items" in field:
        return field["items"], " [ ]"
    values = field.get("additionalProperties")
    return (values, " {track}") if isinstance(values, dict) else (field, "")


def _resolved(document: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """Follow a reference, and choose the alternative of an optional field that is not null."""
    merged = dict(schema)
    for choice in merged.pop("anyOf", ()):
        if choice.get("type") != "null":
            merged = {**_resolved(document, choice), **merged}
    if "$ref" in merged:
        target = document["components"]["schemas"][merged.pop("$ref").rpartition("/")[2]]
        merged = {**_resolved(document, target), **merged}
    return merged


def _type(field: Mapping[str, Any]) -> str:
    kinds = field.get("type", "")
    return f"{' or '.join(kinds) if isinstance(kinds, list) else kinds} {field.get('unit', '')}".strip()


def _allowed(field: Mapping[str, Any]) -> str:
    if "enum" in field:
        return ", ".join(map(str, field["enum"]))
    low, high = field.get("minimum", field.get("minItems")), field.get("maximum", field.get("maxItems"))
    if low is None and high is None:
        return ""
    entries = " entries" if "items" in field else ""
    return (
        f"{low if low is not None else 0:g} to {high:g}{entries}" if high is not None else f"at least {low:g}{entries}"
    )


def _default(field: Mapping[str, Any]) -> str:
    value = field.get("default")
    return "" if value is None else f"default {json.dumps(value)}"
