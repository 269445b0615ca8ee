"""The progress callback and its parts."""

import pickle

import pytest

from tonnbook.studio.measure.progress import no_progress, part


def test_a_part_maps_its_fraction_to_a_range() -> None:
    reports: list[tuple[float, str]] = []
    half = part(lambda fraction, message: reports.append((fraction, message)), 0.5, 1.0)
    half(0.0, "starting")
    part(half, 0.0, 0.5)(1.0, "measuring")
    half(1.0, "done")
    assert [message for _, message in reports] == ["starting", "measuring", "done"]
    assert [fraction for fraction, _ in reports] == pytest.approx([0.5, 0.75, 1.0])


def test_a_part_can_be_sent_to_another_process() -> None:
    pickle.loads(pickle.dumps(part(no_progress, 0.0, 0.5)))(1.0, "done")
