"""`.github/ARCHITECTURE.md` describes the package as it is: its tree and its import table are generated, its trips name files that exist.

    python tests/test_architecture.py

writes the tree and the table anew.
"""

from __future__ import annotations

import ast
import re

from test_imports import MAY_IMPORT, MODULES, OUTSIDE, ROOT

PAGE = ROOT / ".github" / "ARCHITECTURE.md"


def first_line(module: str) -> str:
    """Return the first line of a module's docstring."""
    text = ast.get_docstring(ast.parse(MODULES[module].read_text(encoding="utf-8"))) or ""
    return text.partition("\n")[0]


def tree() -> str:
    """Return one line for each package and module, with the first line of its docstring."""
    lines = []
    for module, path in sorted(MODULES.items(), key=lambda item: item[1].as_posix().replace("__init__.py", "")):
        depth = module.count(".")
        name = path.parent.name + "/" if path.name == "__init__.py" else path.name
        lines.append(f"{'  ' * depth}{name:<{34 - 2 * depth}} {first_line(module)}")
    return "\n".join(["```", *lines, "```"])


def table() -> str:
    """Return the import table as Markdown."""
    rows = []
    for package, ours in MAY_IMPORT.items():
        others = ", ".join(sorted(OUTSIDE.get(package, ())))
        rows.append(
            f"| `{package}` | {', '.join(f'`{name}`' for name in sorted(ours)) or 'nothing of ours'} | {others} |"
        )
    return "\n".join(["| package | may import | and, of other packages, only |", "|---|---|---|", *rows])


def generated() -> str:
    """Return the page with its generated parts as they have to be."""
    page = PAGE.read_text(encoding="utf-8")
    for name, text in (("tree", tree()), ("table", table())):
        begin, end = f"<!-- {name} -->\n", f"\n<!-- end of {name} -->"
        head, _, rest = page.partition(begin)
        _, _, tail = rest.partition(end)
        assert tail, f"{PAGE.name} has lost its marks for the {name}"
        page = head + begin + text + end + tail
    return page


def test_the_tree_and_the_table_are_those_of_the_package() -> None:
    assert PAGE.read_text(encoding="utf-8") == generated(), "run: python tests/test_architecture.py"


def test_every_file_that_the_page_names_exists() -> None:
    text = re.sub(r"<!-- tree -->.*<!-- end of table -->", "", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    named = re.findall(r"`(\w+/[\w/.]+\.py)`", text)
    assert len(named) > 30
    assert [name for name in named if not any((base / name).exists() for base in (ROOT, ROOT / "tonnbook"))] == []


def test_every_module_says_in_its_first_line_what_it_is_for() -> None:
    assert [module for module in MODULES if len(first_line(module)) < 12] == []


def test_no_folder_is_crowded() -> None:
    folders = {path.parent for path in MODULES.values()}
    assert [str(folder) for folder in folders if len([*folder.glob("*.py")]) > 25] == []


if __name__ == "__main__":
    PAGE.write_text(generated(), encoding="utf-8")
