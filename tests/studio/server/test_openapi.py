"""The OpenAPI document, and the page that shows it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import requests
from outside import error_message

from tonnbook.studio.server.server import Studio


def test_openapi_describes_envelopes_ranges_and_units(studio: Studio) -> None:
    document = requests.get(studio.url + "/openapi.json", timeout=60).json()
    body = document["paths"]["/mixpreview"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body["required"] == ["multitrackData"]
    schemas = document["components"]["schemas"]
    assert body["properties"]["multitrackData"]["$ref"].rpartition("/")[2] == "MixRequest"
    assert (schemas["MixRequest"]["properties"]["trackData"]["minItems"]) == 1
    gain = schemas["FinalMixTrack"]["properties"]["gainDb"]
    assert (gain["minimum"], gain["maximum"], gain["unit"]) == (-60, 12, "dB")
    assert schemas["MixRequest"]["properties"]["sampleRate"]["enum"] == ["44100", "48000", 44100, 48000]
    eq = schemas["FinalMixTrack"]["properties"]["eq_settings"]["anyOf"][0]["properties"]
    assert list(eq) == list(schemas["TrackSettings"]["properties"]["eq_settings"]["properties"])
    assert list(eq) == [f"band_{n}" for n in range(1, 7)]
    assert set(document["paths"]["/retrievefinalmix"]["post"]["responses"]) >= {
        "200",
        "202",
        "400",
        "401",
        "404",
        "500",
    }


def references(value: Any) -> Iterator[str]:
    """Yield every `$ref` anywhere in a JSON value."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        if key == "$ref":
            yield inner
        yield from references(inner)


def test_every_reference_of_the_document_leads_to_a_schema(studio: Studio) -> None:
    document = requests.get(studio.url + "/openapi.json", timeout=60).json()
    found = set(references(document))
    assert len(found) > 50
    for reference in found:
        start, *steps = reference.split("/")
        assert start == "#"
        target: Any = document
        for step in steps:
            target = target[step]


def test_every_example_of_a_body_is_valid(studio: Studio) -> None:
    """Only its task or its link is unknown: no field of it is refused."""
    document = requests.get(studio.url + "/openapi.json", timeout=60).json()
    posts = {path: methods["post"] for path, methods in document["paths"].items() if "post" in methods}
    tonn = {path: call for path, call in posts.items() if not path.startswith("/api/")}
    assert len(tonn) == 17
    for path, call in tonn.items():
        example = json.dumps(call["requestBody"]["content"]["application/json"]["example"])
        body = example.replace("http://127.0.0.1:8765", studio.url).encode()
        answer = requests.post(studio.url + path, data=body, headers={"X-API-Key": studio.key}, timeout=60)
        if path == "/upload":
            assert answer.status_code == 200
        else:
            assert re.search(r"\bno such (file|task)", error_message(answer, answer.status_code)), path


def test_the_page_of_all_calls_loads_from_this_server_only(studio: Studio) -> None:
    answer = requests.get(studio.url + "/", timeout=60)
    assert answer.url == studio.url + "/docs"
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'; script-src 'self' 'sha256-" in policy
    links = re.findall(r'(?:src|href)="([^"]*)"', answer.text)
    assert len(links) == 3
    for link in links:
        assert link.startswith("/docs/assets/")
        assert requests.get(studio.url + link, timeout=60).status_code == 200
    assert "http" not in answer.text
