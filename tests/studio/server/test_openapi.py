"""The document about all calls, and the page that is made from it."""

from __future__ import annotations

import json
from typing import Any

import requests

from tonnbook.studio.server.server import Studio


def test_openapi_describes_envelopes_ranges_and_units(studio: Studio) -> None:
    document = requests.get(studio.url + "/openapi.json", timeout=60).json()
    body = document["paths"]["/mixpreview"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body["required"] == ["multitrackData"]
    schemas = document["components"]["schemas"]
    assert body["properties"]["multitrackData"]["$ref"].rpartition("/")[2] == "MixRequest"
    assert (schemas["MixRequest"]["properties"]["trackData"]["minItems"]) == 2
    gain = schemas["FinalMixTrack"]["properties"]["gainDb"]
    assert (gain["minimum"], gain["maximum"], gain["unit"]) == (-60, 12, "dB")
    assert schemas["SampleRate"]["enum"] == ["44100", "48000", 44100, 48000]
    eq = schemas["FinalMixTrack"]["properties"]["eq_settings"]["properties"]
    assert list(eq) == [f"band_{n}" for n in range(1, 7)]
    assert set(document["paths"]["/retrievefinalmix"]["post"]["responses"]) >= {
        "200",
        "202",
        "400",
        "401",
        "404",
        "500",
    }


def test_every_reference_of_the_document_leads_somewhere(studio: Studio) -> None:
    text = requests.get(studio.url + "/openapi.json", timeout=60).text
    document = json.loads(text)
    for reference in {part.split('"')[0] for part in text.split('"$ref":"')[1:]}:
        place: Any = document
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]


def test_the_page_about_all_calls_needs_no_other_server(studio: Studio) -> None:
    answer = requests.get(studio.url + "/", timeout=60)
    assert answer.url == studio.url + "/docs"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    page = answer.text
    for words in ("/retrievefinalmix", "-60 to 12", "number dB", "VOCAL_GROUP, BACKING_VOX_GROUP", "X-API-Key: $KEY"):
        assert words in page
    for tag in ("<link", "<img", " src=", "@import", "url("):
        assert tag not in page
