from __future__ import annotations

import pytest
from tones import MakeFile

from tonnbook.models.effects import CompressionReading, EqBandReading, TrackSettings
from tonnbook.models.files import local_file
from tonnbook.models.mixing import MixNotes, MixPreview, MixRequest, MixTrack, Reason, TrackNotes
from tonnbook.models.vocabulary import InstrumentGroup, MusicalStyle, Presence

SETTINGS = {
    "guitar.wav": TrackSettings(gain_db=2.0, pan_deg=-30.0, eq=(EqBandReading(centre_hz=250, gain_db=-2, q=1.5),)),
    "vocal.wav": TrackSettings(
        gain_db=-1.0, compression=CompressionReading(threshold_db=-20, ratio=3, attack_ms=5, release_ms=80)
    ),
}


@pytest.fixture
def preview(make_file: MakeFile) -> MixPreview:
    """A preview of two tones of one second, as the studio would answer it."""
    files = {name: local_file(make_file(name, seconds=1)) for name in SETTINGS}
    tracks = tuple(
        MixTrack(source=f"https://store.example/{name}?signature=secret", instrument=InstrumentGroup.OTHER_1)
        for name in SETTINGS
    )
    notes = MixNotes(
        tracks={
            name: TrackNotes(
                instrument=InstrumentGroup.OTHER_1,
                presence=Presence.NORMAL,
                loudness_lufs=-20,
                reasons=(Reason(setting="gain", text=f"{name} is loud"),),
            )
            for name in SETTINGS
        },
        bus_compression=CompressionReading(threshold_db=-12, ratio=1.5, attack_ms=30, release_ms=200),
        bus_reduction_limit_db=2.0,
        low_cut_hz=20.0,
        preview_start_s=0.0,
    )
    return MixPreview(
        "t1",
        MixRequest(tracks=tracks, style=MusicalStyle.POP),
        local_file(make_file("mix.wav", seconds=1)),
        settings=SETTINGS,
        notes=notes,
        recordings=files,
    )
