"""Blind tests: `abx` asks whether two sounds can be told apart, `rate` for a rating of several versions, hidden and shuffled."""

from __future__ import annotations

import random
from collections.abc import Mapping
from html import escape
from math import comb
from typing import Any

from tonnbook.widgets.page import html
from tonnbook.widgets.player.compare import Side, switch, two_sides
from tonnbook.widgets.player.player import LETTERS, Player
from tonnbook.widgets.player.sources import Playable
from tonnbook.widgets.saved_output import bundle

MOST_TRIALS = 100


class BlindTest:
    """A blind player with what is asked about it below. A cell displays it."""

    def __init__(self, player: Player, *questions: Any) -> None:
        from ipywidgets import HTML, VBox

        self.player = player
        self._status = HTML()
        self.box = VBox([player, *questions, self._status])

    def plain(self) -> str:
        """Return the state of the test in one line of text."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return self.plain()

    def _say(self) -> None:
        self._status.value = html("p", escape(self.plain()))

    def _repr_mimebundle_(self, **_: object) -> tuple[dict[str, Any], dict[str, Any]]:
        self.player._displayed()
        return bundle(self.plain(), self.player.static_html(), str(self.box.model_id))


class AbxTest(BlindTest):
    """An ABX test: in every trial X is A or B, drawn at random. Create it with `abx`."""

    def __init__(self, sides: tuple[Side, Side], trials: int, chance: random.Random) -> None:
        from ipywidgets import Button, HBox

        named = {"A": sides[0].audio, "B": sides[1].audio, "X": sides[0].audio}
        player = switch(
            named, rate=sides[0].rate, title=f"Is X {sides[0].name} (A) or {sides[1].name} (B)?", blind=True
        )
        self._chance, self._planned = chance, trials
        self.trials: list[dict[str, Any]] = []
        """The answered trials: a dictionary each of its number (`trial`), `x`, `answer` and `right`."""
        self._buttons = [Button(description=f"X is {letter}") for letter in "AB"]
        for button, letter in zip(self._buttons, "AB", strict=True):
            button.on_click(lambda _, answer=letter: self.answer(answer))
        super().__init__(player, HBox(self._buttons))
        self._x = ""
        self._draw()
        self._say()

    @property
    def right(self) -> int:
        """Number of right answers so far."""
        return sum(trial["right"] for trial in self.trials)

    @property
    def chance_level(self) -> float:
        """Probability of at least as many right answers by guessing (binomial, one-sided), 0 to 1; 1 before the first answer."""
        count = len(self.trials)
        return float(sum(comb(count, hits) for hits in range(self.right, count + 1)) / 2**count)

    @property
    def done(self) -> bool:
        """Whether all trials are answered."""
        return len(self.trials) == self._planned

    def answer(self, letter: str) -> None:
        """Answer the current trial with "A" or "B", as the buttons do. Raises ValueError for another answer, or when all are answered."""
        if letter not in ("A", "B"):
            raise ValueError(f"answer: must be 'A' or 'B', not {letter!r}")
        if self.done:
            raise ValueError(f"all {self._planned} trials are answered; tb.abx starts another test")
        number = len(self.trials) + 1
        self.trials.append({"trial": number, "x": self._x, "answer": letter, "right": letter == self._x})
        if self.done:
            for button in self._buttons:
                button.disabled = True
            self.player.reveal()
        else:
            self._draw()
        self._say()

    def plain(self) -> str:
        """Return the number of the trial, or the score with its chance level."""
        if not self.done:
            return f"Trial {len(self.trials) + 1} of {self._planned}"
        return f"{self.right} of {self._planned} right; guessing reaches that with a probability of {self.chance_level:.1%}"

    def _draw(self) -> None:
        self._x = self._chance.choice("AB")
        self.player.replace_sound(2, "AB".index(self._x))


class RatingTest(BlindTest):
    """Several versions to rate from 0 to 100, hidden and shuffled. Create it with `rate`."""

    def __init__(
        self, versions: Mapping[str, Playable], reference: Playable | None, rate: int | None, chance: random.Random
    ) -> None:
        from ipywidgets import Button, IntSlider

        names = [*versions, *(["reference"] if reference is not None else [])]
        chance.shuffle(names)
        known = {**versions, **({"reference": reference} if reference is not None else {})}
        self._names = dict(zip(LETTERS, names, strict=False))
        sounds = {letter: known[name] for letter, name in self._names.items()}
        if reference is not None:
            sounds["reference"] = reference
        player = switch(sounds, rate=rate, title="Rate each version from 0 (bad) to 100 (excellent)", blind=True)
        self.sliders = {letter: IntSlider(value=50, min=0, max=100, description=letter) for letter in self._names}
        self.done = False
        """Whether the ratings are final."""
        self._button = Button(description="Done")
        self._button.on_click(lambda _: self.finish())
        super().__init__(player, *self.sliders.values(), self._button)
        self._say()

    @property
    def result(self) -> list[dict[str, Any]]:
        """The ratings, best first: a dictionary each of `letter`, `name` and `score` (0 to 100). Empty until they are final."""
        if not self.done:
            return []
        rows = [{"letter": c, "name": self._names[c], "score": slider.value} for c, slider in self.sliders.items()]
        return sorted(rows, key=lambda row: -row["score"])

    def finish(self) -> None:
        """Make the ratings final and reveal which version is which, as the button does."""
        self.done = self._button.disabled = True
        for slider in self.sliders.values():
            slider.disabled = True
        self.player.reveal()
        self._say()

    def plain(self) -> str:
        """Return the ratings as text once they are final."""
        if not self.done:
            return f"{len(self._names)} versions to rate; press Done to see which is which"
        return "; ".join(f"{row['letter']} {row['name']}: {row['score']}" for row in self.result)


def abx(
    a: Playable,
    b: Playable,
    *,
    trials: int = 10,
    names: tuple[str, str] | None = None,
    rate: int | None = None,
    seed: int | None = None,
) -> AbxTest:
    """Return an ABX test of two sounds at equal loudness: in each trial X is one of them, and the listener says which.

    `test.trials` has the answers, `test.right` the score, `test.chance_level` the probability of that score by guessing. `a`, `b`, `names`
    and `rate` are those of `compare`; a `seed` repeats the order of a test. Raises ValueError for less than 1 or more than 100 trials,
    TypeError for what cannot be played.
    """
    if not 1 <= trials <= MOST_TRIALS:
        raise ValueError(f"trials: must be 1 to {MOST_TRIALS}, not {trials}")
    return AbxTest(two_sides(a, b, names, rate), trials, random.Random(seed))


def rate(
    versions: Mapping[str, Playable],
    *,
    reference: Playable | None = None,
    rate: int | None = None,
    seed: int | None = None,
) -> RatingTest:
    """Return a rating of 2 to 8 named versions, hidden, shuffled and at equal loudness, in the manner of MUSHRA (ITU-R BS.1534-3).

    A `reference` is played openly and is also hidden among the versions, which are then at most 7. `test.result` has the ratings. Unlike
    BS.1534-3, no low-pass anchors are made: pass them as versions. Raises TypeError for what cannot be played, or another number.
    """
    most = len(LETTERS) - 1 - (reference is not None)
    if not 2 <= len(versions) <= most:
        raise TypeError(f"rate takes 2 to {most} versions by name, not {len(versions)}")
    if reference is not None and "reference" in versions:
        raise TypeError('no version can have the name "reference" beside reference=')
    return RatingTest(versions, reference, rate, random.Random(seed))
