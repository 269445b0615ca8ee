"""The public names: the table and the type checker's imports have the same names, each exists and is documented."""

import ast
from pathlib import Path

import pytest

import tonnbook as tb

SOURCE = Path(tb.__file__).read_text(encoding="utf-8")


def test_type_checkers_see_the_same_names() -> None:
    names = {
        alias.asname
        for node in ast.walk(ast.parse(SOURCE))
        if isinstance(node, ast.If)
        for statement in node.body
        if isinstance(statement, ast.ImportFrom)
        for alias in statement.names
    }
    assert names - {None} == set(tb.__all__)


@pytest.mark.parametrize("name", tb.__all__)
def test_each_name_is_there_and_documented(name: str) -> None:
    assert getattr(tb, name).__doc__


def test_there_are_at_most_sixty() -> None:
    assert len(tb.__all__) <= 60


def test_a_string_does_for_each_enumeration_of_a_request() -> None:
    tracks = [{"source": Path(f"{name}.wav"), "instrument": "KICK_GROUP", "presence": "LEAD"} for name in "ab"]
    assert tb.MixRequest(tracks=tracks, style="POP").tracks[0].presence is tb.vocabulary.Presence.LEAD
    assert tb.MasteringRequest(source=Path("a.wav"), style="POP", desired_loudness="LOW", sample_rate=48000)
    assert tb.CompositionRequest(prompt="x", genre="ambient").genre is tb.vocabulary.Genre.AMBIENT


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'mixer'"):
        _ = tb.mixer


def test_the_version_is_the_project_files() -> None:
    project = (Path(tb.__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8")
    assert f'version = "{tb.__version__}"' in project
