"""An error names the field, the value and what is allowed, and no secret."""

from collections.abc import Callable

import pytest
from pydantic import ValidationError

from tonnbook.errors import JobFailed, api_error, redacted
from tonnbook.models.effects import EqBand, TrackEffects
from tonnbook.models.mixing import MixRequest
from tonnbook.models.problems import explain, problems

TRACK = {"trackURL": "https://a/1.wav", "instrumentGroup": "KICK_GROUP"}


def complaint(**fields: object) -> str:
    body = {"trackData": [TRACK, {**TRACK, "trackURL": "https://a/2.wav"}], "musicalStyle": "POP", **fields}
    with pytest.raises(ValidationError) as caught:
        MixRequest.from_wire({"multitrackData": body})
    return explain(caught.value)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"musicalStyle": "POLKA"}, ["musicalStyle: is 'POLKA'", "allowed: ROCK_INDIE, POP"]),
        ({"sampleRate": 96000}, ["sampleRate: is 96000", "44100 or 48000"]),
        ({"trackData": []}, ["trackData: has 0 entries; at least 1 is needed"]),
        ({"trackData": [TRACK, {**TRACK, "trackURL": 7}]}, ["trackData[1].trackURL: give an http or https link"]),
        ({"returnStems": "perhaps"}, ["returnStems: is 'perhaps'", "boolean"]),
        ({"musicalStyle": None}, ["musicalStyle: is missing"]),
    ],
)
def test_field_value_and_what_is_allowed(fields: dict[str, object], message: list[str]) -> None:
    text = complaint(**fields)
    for part in message:
        assert part in text


def test_two_wrong_tracks_are_two_problems() -> None:
    tracks = [{"trackURL": f"https://a/{n}.wav"} for n in range(2)]
    assert complaint(trackData=tracks).split("; ") == [f"trackData[{n}].instrumentGroup: is missing" for n in range(2)]


def test_a_signed_links_query_never_shows() -> None:
    text = complaint(webhookURL="ftp://a/b?signature=SECRET", musicalStyle="https://a/b?signature=SECRET")
    assert "SECRET" not in text
    assert "SECRET" not in complaint(webhookURL="a.example/b?signature=SECRET")
    assert "SECRET" not in redacted("see https://a/b?signature=SECRET and http://c/?key=SECRET.")
    assert "SECRET" not in str(api_error(400, "/mixpreview", "cannot read https://a/b.wav?sig=SECRET"))


def test_ranges_are_named() -> None:
    with pytest.raises(ValidationError) as caught:
        EqBand(gain_db=25, q=0)
    assert [str(p) for p in problems(caught.value)] == [
        "gain_db: is 25; at most 20.0 is allowed",
        "q: is 0; at least 0.1 is allowed",
    ]


@pytest.mark.parametrize(
    ("status", "name"),
    [(400, "RequestRejected"), (401, "NotAuthorised"), (402, "OutOfCredits"), (404, "NotFound"), (422, "RequestRejected"),
     (429, "TooManyRequests"), (500, "ServerFault"), (503, "ServerFault"), (418, "ApiError")],
)  # fmt: skip
def test_each_status_has_its_error_and_a_hint(status: int, name: str) -> None:
    error = api_error(status, "/mixpreview", "no.")
    assert type(error).__name__ == name
    assert str(error) == f"/mixpreview answered {status}: no. {error.hint}"


def test_a_failed_job_names_itself_and_its_reason() -> None:
    class Finished:
        name = "preview mix"
        task_id = "abc"

    assert str(JobFailed(Finished(), "kick.wav is silent")) == "preview mix abc failed: kick.wav is silent"


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: TrackEffects(gain=3), "is not a field of TrackEffects; did you mean 'gain_db'?"),
        (lambda: EqBand(frequency=100), "is not a field of EqBand; there are centre_hz, gain_db, q"),
        (lambda: TrackEffects(eq=[{"gain_db": 99}]), "is 99; at most 20.0 is allowed"),
    ],
    ids=["similar", "unknown", "within"],
)
def test_an_exception_names_the_field_and_what_is_allowed(make: Callable[[], object], text: str) -> None:
    with pytest.raises(ValidationError) as raised:
        make()
    assert text in str(raised.value)
    assert "pydantic.dev" not in str(raised.value)


@pytest.mark.parametrize("text", ["a" * 10**6, "://" * 300_000, "a://a" * 200_000 + "?secret"])
def test_the_time_of_redaction_grows_with_the_text_and_not_faster(text: str) -> None:
    """A quadratic search takes hours here; the test would not end."""
    assert "secret" not in redacted(text)
