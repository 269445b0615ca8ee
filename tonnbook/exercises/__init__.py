"""The exercises of the lessons: `solution("01-2")` displays a solution, `quiz("04-a")` a question, `quiz("04-a", answer)` marks the answer.

A solution is a function in this package, so that it is type-checked and a test executes it; its body is displayed. Its parameters
are variables that the lesson has defined before the exercise.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from textwrap import dedent
from typing import Any

from tonnbook.exercises.marking import Marking
from tonnbook.exercises.quizzes import QUIZZES
from tonnbook.exercises.solutions import SOLUTIONS
from tonnbook.widgets.quiz.quiz import Blind, QuizForm


@dataclass(frozen=True)
class Solution:
    """A solution of an exercise: an explanation, and code."""

    number: str
    explanation: str
    code: str

    def __str__(self) -> str:
        return f"# Exercise {self.number}\n# {self.explanation.replace(chr(10), chr(10) + '# ')}\n{self.code}"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        markdown = f"**Exercise {self.number}.** {self.explanation}\n\n```python\n{self.code}\n```"
        return {"text/markdown": markdown, "text/plain": str(self)}


def solution(number: str) -> Solution:
    """Return the solution of an exercise, which a cell displays; `number` is that of the exercise, such as "01-2".

    Raises ValueError for an unknown number.
    """
    if number not in SOLUTIONS:
        raise ValueError(f"there is no exercise {number!r}; there are: {', '.join(SOLUTIONS)}")
    function = SOLUTIONS[number]
    return Solution(number, inspect.cleandoc(function.__doc__ or ""), body(function))


def quiz(
    number: str, answer: str | Mapping[str, str] | None = None, *, reveals: Blind | None = None
) -> QuizForm | Marking:
    """Return a question of a lesson as a form to answer by clicking, or the marked `answer` to it; a cell displays both.

    An answer is one of the options, or one option for each letter. A wrong answer gets a hint. `reveals` is a blind player: it shows its
    waveforms and levels once every item has an answer. Raises ValueError for an unknown number, TypeError for an answer in another format.

    >>> tb.quiz("04-b", "mono")
    """
    if number not in QUIZZES:
        raise ValueError(f"there is no quiz {number!r}; there are: {', '.join(QUIZZES)}")
    question = QUIZZES[number]
    return question.form(reveals) if answer is None else question.mark(answer)


def body(function: Callable[..., Any]) -> str:
    """Return the statements of a function as code for a cell: without its docstring and its `return`."""
    source = dedent(inspect.getsource(function))
    definition = ast.parse(source).body[0]
    assert isinstance(definition, ast.FunctionDef | ast.AsyncFunctionDef)
    last_line_of_docstring = definition.body[0].end_lineno
    lines = dedent("\n".join(source.splitlines()[last_line_of_docstring:]))
    return re.sub(r"^return ", "", lines, flags=re.MULTILINE)
