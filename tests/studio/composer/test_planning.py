"""From requests to plans."""

from __future__ import annotations

from tonnbook.models.composition import CompositionRequest, Emotion, Genre, Section, Tempo
from tonnbook.studio.composer.planning import plan_of


def test_left_out_means_what_the_document_shows() -> None:
    plan, reading = plan_of(CompositionRequest(tempo="fast"))
    assert reading is None
    assert (plan.genre, plan.tempo, plan.duration_ms) == (Genre.AMBIENT, Tempo.FAST, 60_000)
    assert [s.emotion for s in plan.sections] == [Emotion.MOTIVATIONAL]


def test_parameters_overrule_the_prompt() -> None:
    request = CompositionRequest(prompt="30 seconds of sad piano, then a happy end", genre="rnb", duration_ms=10_001)
    plan, reading = plan_of(request)
    assert reading is not None
    assert (plan.genre, plan.lead, plan.duration_ms) == (Genre.RNB, "piano", 10_001)
    assert [(s.start_ms, s.length_ms) for s in plan.sections] == [(0, 5000), (5000, 5001)]


def test_a_prompts_tempo_gives_way_to_a_block_an_explicit_one_stays() -> None:
    moved, _ = plan_of(CompositionRequest(prompt="slow and motivational", genre="rnb"))
    assert moved.tempo is Tempo.MEDIUM
    kept, _ = plan_of(CompositionRequest(prompt="motivational", genre="rnb", tempo="slow"))
    assert kept.tempo is Tempo.SLOW


def test_titles_do_not_change_the_music_words_and_versions_do() -> None:
    section = Section(emotion="calm", start_ms=0, length_ms=5000)
    plain, _ = plan_of(CompositionRequest(genre="pop", sections=(section,)))
    titled, _ = plan_of(CompositionRequest(genre="pop", sections=(section,), title="Monday"))
    assert plain == titled
    prompted, _ = plan_of(CompositionRequest(prompt="calm pop"))
    assert prompted.words == "calm pop"
    assert plan_of(CompositionRequest(genre="pop"), version=2)[0].version == 2


def test_a_very_short_duration_keeps_whole_sections() -> None:
    request = CompositionRequest(prompt="sad, then happy, then angry", duration_ms=2_500)
    plan, _ = plan_of(request)
    assert plan.duration_ms == 2_500
    assert all(s.length_ms >= 1000 for s in plan.sections)
