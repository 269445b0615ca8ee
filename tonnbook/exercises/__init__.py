"""The exercises of the lessons: `solution("01-2")` reveals one; `quiz("04-a")` asks a question, and `quiz("04-a", answer)` marks it.

A solution is a function of this package, so it is typed and executed by a test; what is shown is its body. Its parameters are
names that the lesson has defined by then.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from textwrap import dedent
from typing import Any

from tonnbook.exercises import cleanup, composition, diagnosis, mastering, mixing
from tonnbook.exercises.marking import Marking, Quiz

SOLUTIONS: Mapping[str, Callable[..., Any]] = {
    f"{lesson}-{number}": function
    for lesson, solutions in (
        ("01", mixing.SOLUTIONS),
        ("02", mastering.SOLUTIONS),
        ("03", composition.SOLUTIONS),
        ("04", diagnosis.SOLUTIONS),
        ("05", cleanup.SOLUTIONS),
    )
    for number, function in enumerate(solutions, start=1)
}

QUIZZES: Mapping[str, Quiz] = {**diagnosis.QUIZZES, **cleanup.QUIZZES}


@dataclass(frozen=True)
class Solution:
    """One way to solve an exercise: why, and the code."""

    number: str
    words: str
    code: str

    def __str__(self) -> str:
        return f"# Exercise {self.number}\n# {self.words.replace(chr(10), chr(10) + '# ')}\n{self.code}"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        shown = f"**Exercise {self.number}.** {self.words}\n\n```python\n{self.code}\n```"
        return {"text/markdown": shown, "text/plain": str(self)}


def solution(number: str) -> Solution:
    """Return the solution of an exercise, which shows itself; `number` as it stands at the exercise, such as "01-2"."""
    if number not in SOLUTIONS:
        raise ValueError(f"there is no exercise {number!r}; there are: {', '.join(SOLUTIONS)}")
    function = SOLUTIONS[number]
    return Solution(number, inspect.cleandoc(function.__doc__ or ""), body(function))


def quiz(number: str, answer: str | Mapping[str, str] | None = None) -> Quiz | Marking:
    """Return a question of a lesson, or, with an answer, that answer marked; both show themselves.

    An answer is one word of the options, or such words by letter. A wrong one gets a hint. Raises ValueError for a number that there
    is not, TypeError for an answer to what was not asked.

    >>> tb.quiz("04-b", "mono")
    """
    if number not in QUIZZES:
        raise ValueError(f"there is no quiz {number!r}; there are: {', '.join(QUIZZES)}")
    asked = QUIZZES[number]
    return asked if answer is None else asked.mark(answer)


def body(function: Callable[..., Any]) -> str:
    """Return the statements of a function as they would stand in a cell: without its docstring and its `return`."""
    source = dedent(inspect.getsource(function))
    definition = ast.parse(source).body[0]
    assert isinstance(definition, ast.FunctionDef | ast.AsyncFunctionDef)
    last_line_of_docstring = definition.body[0].end_lineno
    lines = dedent("\n".join(source.splitlines()[last_line_of_docstring:]))
    return re.sub(r"^return ", "", lines, flags=re.MULTILINE)
