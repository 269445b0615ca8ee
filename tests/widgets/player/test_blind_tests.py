"""Blind tests: what is heard as X is what is marked, the score has the binomial chance level, and versions are shuffled."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tones import RATE, tone

import tonnbook as tb
from tonnbook.widgets.player.blind_tests import rate


def heard(sent: list[tuple[dict[str, Any], Any]], index: int) -> bytes:
    """Return the sound that the page has last received for a track."""
    sound: bytes = next(buffers[0] for message, buffers in reversed(sent) if message["index"] == index)
    return sound


def test_x_is_the_sound_that_is_marked_and_the_score_has_its_chance_level() -> None:
    test = tb.abx(tone(peak=0.5), 0.1 * np.sign(tone()), rate=RATE, trials=8, seed=3)
    sent: list[tuple[dict[str, Any], Any]] = []
    test.player.send = lambda message, buffers=None: sent.append((message, buffers))
    test._repr_mimebundle_()
    assert test.player.blind
    assert [track["gain_db"] for track in test.player.tracks] == pytest.approx([0, 0, 0], abs=0.01)
    for _ in range(7):
        test.answer("A" if heard(sent, 2) == heard(sent, 0) else "B")
    assert test.right == 7
    assert test.plain() == "Trial 8 of 8"  # no score before the end
    test.answer("B" if heard(sent, 2) == heard(sent, 0) else "A")
    assert (test.done, test.right, test.player.blind) == (True, 7, False)
    assert {trial["x"] for trial in test.trials} == {"A", "B"}
    assert test.trials[7]["right"] is False
    assert test.chance_level == pytest.approx(9 / 256)  # 7 or 8 of 8
    with pytest.raises(ValueError, match="all 8 trials are answered"):
        test.answer("A")
    with pytest.raises(ValueError, match="trials: must be 1 to 100, not 0"):
        tb.abx(tone(), tone(), rate=RATE, trials=0)


def test_versions_are_rated_hidden_and_shuffled() -> None:
    sounds = {name: tone(peak=peak) for name, peak in (("one", 0.5), ("two", 0.2), ("three", 0.1))}
    orders = {tuple(rate(sounds, rate=RATE, seed=seed)._names.values()) for seed in range(12)}
    assert len(orders) > 2
    test = rate(sounds, reference=tone(peak=0.4), rate=RATE, seed=1)
    assert [track["name"] for track in test.player.tracks] == ["A", "B", "C", "D", "reference"]
    assert test.result == []
    for letter, name in test._names.items():
        test.sliders[letter].value = {"one": 20, "two": 90, "three": 40, "reference": 100}[name]
    test.finish()
    assert [(row["name"], row["score"]) for row in test.result] == [
        ("reference", 100),
        ("two", 90),
        ("three", 40),
        ("one", 20),
    ]
    assert not test.player.blind
    with pytest.raises(TypeError, match="rate takes 2 to 8 versions by name, not 1"):
        rate({"one": tone()}, rate=RATE)
