"""The scripts and style sheets: small, self-contained, and without undefined CSS variables."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tonnbook.widgets import page
from tonnbook.widgets.console.console import Console
from tonnbook.widgets.download.download import Download
from tonnbook.widgets.dropzone.dropzone import DropZone
from tonnbook.widgets.forms.composition import CompositionBuilder
from tonnbook.widgets.forms.mixing import MixBuilder
from tonnbook.widgets.forms.repair import EnhancementBuilder
from tonnbook.widgets.jobs.job_card import JobCard
from tonnbook.widgets.player.player import Player
from tonnbook.widgets.quiz.quiz import QuizForm

FOLDER = Path(page.__file__).parent
SCRIPTS = sorted(FOLDER.rglob("*.js"))
WIDGETS = [Player, MixBuilder, JobCard, CompositionBuilder, EnhancementBuilder, DropZone, Download, Console, QuizForm]


@pytest.mark.parametrize("file", [*SCRIPTS, *FOLDER.rglob("*.css")], ids=lambda f: f.name)
def test_a_script_fetches_nothing_and_draws_its_own_icons(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    links = set(re.findall(r"https?://[^\s\"'`]+", text)) - {"http://www.w3.org/2000/svg"}
    assert not links
    assert not re.search(r"^\s*import\b|\bimport\(|@import|fetch\(|eval\(", text, re.MULTILINE)
    assert text.isascii()
    assert all(line.count("`") % 2 == 0 for line in text.splitlines() if file.suffix == ".js"), "indentation is removed"


@pytest.mark.parametrize("widget", WIDGETS, ids=lambda w: w.__name__)
def test_a_widget_sends_less_than_40_kb_of_script_and_one_module(widget: type) -> None:
    esm = str(widget._esm)
    assert len(esm.encode()) < (
        64_000 if widget is Console else 40_000
    )  # the console also has the player's and the studio's processing
    assert "// " not in [line[:3] for line in esm.splitlines()]
    assert len(re.findall(r"^export default", esm, re.MULTILINE)) == 1


def test_every_css_variable_is_defined() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in (*FOLDER.rglob("*.css"), *FOLDER.rglob("*.js")))
    used = set(re.findall(r"var\((--tb-[\w-]+)", text)) | set(re.findall(r"var\((--fill)", text))
    defined = set(re.findall(r"(--[\w-]+):", text)) | set(re.findall(r'setProperty\("(--[\w-]+)"', text))
    assert used - defined == set()
