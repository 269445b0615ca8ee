"""The instrument bank: complete, small, licensed, in tune, with a sound for every note that the composer writes."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from audio_measures import cents_off
from song_plans import allowed, plan

from tonnbook.models.prompt.words import RELATED, WORDS
from tonnbook.studio.composition.composer.sound.soundfont import BANK, RATE, TUNING, Bank, default_bank
from tonnbook.studio.composition.composer.sound.synth import Synth, bent
from tonnbook.studio.composition.composer.voices import KIT_BANK, VOICES
from tonnbook.studio.composition.composer.writing.arrange import compose_score
from tonnbook.studio.composition.composer.writing.bands import BANDS
from tonnbook.studio.composition.composer.writing.raga import RAGAS
from tonnbook.studio.composition.composer.writing.score import Note


def test_the_bank_has_its_checksum_and_is_small() -> None:
    data = BANK.read_bytes()
    digest, name = (BANK.parent / "SHA256SUMS").read_text(encoding="utf-8").split()
    assert (hashlib.sha256(data).hexdigest(), BANK.name) == (digest, name)
    assert sum(path.stat().st_size for path in BANK.parent.iterdir()) <= 6_000_000


def test_the_licence_lies_beside_it() -> None:
    text = (BANK.parent / "LICENSE.fluidr3mono").read_text(encoding="utf-8")
    for words in ("Frank Wen", "Michael Cowgill", "Permission is hereby granted, free of charge"):
        assert words in text


def test_every_note_of_every_song_has_a_sound() -> None:
    bank, missing = default_bank(), set()
    for n, (genre, emotion, tempo) in enumerate(allowed()):
        if n % 5:
            continue
        for part in compose_score(plan(genre, emotion, tempo, 20_000, version=n)).parts:
            voice = VOICES[part.voice]
            if part.voice not in ("tabla", "tanpura"):
                missing |= {(part.voice, n.key) for n in part.notes if not bank.plays(voice.bank, voice.program, n.key)}
    assert not missing


def test_every_voice_that_is_named_exists() -> None:
    named = {voice for word in WORDS["instrument"] for voice in RELATED.get(word.meaning, (word.meaning,))}
    for bands in BANDS.values():
        for band in bands:
            named |= {band.bass, *(c.voice for c in band.comps), *(g.kit for g in band.grooves)}
            named |= {*band.tender, *band.bright, *band.dark, *band.strong}
    named |= {voice for raga in RAGAS.values() for voice in raga.lead}
    assert named <= set(VOICES)


PITCHED = sorted(v.name for v in VOICES.values() if v.bank != KIT_BANK and v.name not in ("tanpura", "taiko", "riser"))
STRUCK = ("timpani", "bells", "kalimba", "celesta", "vibraphone")
"""Their overtones are not harmonic: the lowest alone is their pitch."""


@pytest.mark.parametrize("name", PITCHED)
def test_every_voice_sounds_over_its_range_and_in_tune(name: str) -> None:
    voice, synth = VOICES[name], Synth(0)
    for key in sorted({*range(voice.low, voice.high, 7), voice.high}):
        sound = synth.sound(voice, Note(0, 0.7, key, 90)).astype(np.float64)
        assert np.abs(sound).max() > 1e-3, key
        assert abs(cents_off(sound, key, 1 if name in STRUCK else 4)) <= 10, key


@pytest.mark.parametrize(
    ("program", "key"), [(p, k) for p, rows in TUNING.items() for low, high, _ in rows for k in {low, high}]
)
def test_samples_that_are_out_of_tune_are_corrected(program: int, key: int) -> None:
    name = next(v.name for v in VOICES.values() if v.program == program and v.bank != KIT_BANK)
    sound = default_bank().note(0, program, key, 90, 1.5).astype(np.float64)
    assert abs(cents_off(sound, key, 1 if name in STRUCK else 4)) <= 8


@pytest.mark.parametrize("name", sorted(v.name for v in VOICES.values() if v.bank == KIT_BANK and v.name != "tabla"))
def test_every_kit_sounds(name: str) -> None:
    assert np.abs(Synth(0).sound(VOICES[name], Note(0, 0.3, 36, 100))).max() > 0.01


@pytest.mark.parametrize("name", sorted(set(VOICES) - {"tabla", "tanpura"}))
def test_notes_begin_and_end_without_a_click(name: str) -> None:
    voice = VOICES[name]
    key = 36 if voice.bank == KIT_BANK else (voice.low + voice.high) // 2
    sound = np.abs(Synth(0).sound(voice, Note(0, 0.3, key, 100)))
    assert sound[0] <= 0.07 * sound.max()
    assert sound[-32:].max() <= 0.003 * sound.max()


def test_twice_the_velocity_is_twelve_decibels_louder() -> None:
    bank = Bank()
    soft, loud = (bank.note(0, 73, 72, velocity, 0.5).std() for velocity in (48, 96))
    assert 20 * np.log10(loud / soft) == pytest.approx(12, abs=2.5)


def test_a_preset_that_modulates_an_open_filter_plays() -> None:
    assert len(default_bank().note(KIT_BANK, 25, 63, 100, 0.3)) > 1000


def test_a_bent_note_ends_where_the_curve_says() -> None:
    t = np.arange(RATE) / RATE
    tone = np.sin(2 * np.pi * 440 * t).astype(np.float32)
    up = bent(tone, ((0.0, 0.0), (0.1, 12.0)))
    spectrum = np.abs(np.fft.rfft(up[RATE // 4 : RATE // 4 + 8192] * np.hanning(8192)))
    assert np.fft.rfftfreq(8192, 1 / RATE)[spectrum.argmax()] == pytest.approx(880, abs=6)


def test_equal_notes_are_one_sound() -> None:
    synth, voice = Synth(0), VOICES["kalimba"]
    first = synth.sound(voice, Note(0.0, 0.30, 70, 90))
    again = synth.sound(voice, Note(9.0, 0.31, 70, 90))
    assert np.array_equal(first, again)
