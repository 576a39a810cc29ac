"""A page of all public functions and classes of `lib`, from their signatures and docstrings; nothing is imported."""

import ast
import re
from pathlib import Path

from lib.publish.pages import escaped

DEFINED = ast.FunctionDef | ast.ClassDef


def text(lib: Path) -> str:
    """The page in Markdown: a section a module, what it is, and each function with what it says of itself."""
    parts = ["What the notebooks call. The paper itself is made by `lib.publish`, which nobody else calls."]
    for path in sorted(lib.rglob("*.py"), key=lambda path: (len(path.parts), path)):  # the core first
        name = ".".join(path.relative_to(lib.parent).with_suffix("").parts)
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found = [node for node in tree.body if isinstance(node, DEFINED) and not node.name.startswith("_")]
        if found and "publish" not in path.parts:
            parts += [f"## {name}", escaped(ast.get_docstring(tree) or ""), *map(_described, found)]
    return "\n\n".join(parts)


def _described(node: DEFINED) -> str:
    """One function or class."""
    signature = "" if isinstance(node, ast.ClassDef) else f"({ast.unparse(node.args)})"
    about = re.sub(r"^(Args|Returns|Raises):", r"\n**\1.**", ast.get_docstring(node) or "", flags=re.M)
    about = "\n\n".join(" ".join(part.split()) for part in about.split("\n\n"))
    return f"`````python\n{node.name}{signature}\n`````\n\n{_plain(about)}"


def _plain(about: str) -> str:
    """A docstring's text, with code and bold marks as they are."""
    parts = re.split(r"(`[^`]*`|\*\*(?:Args|Returns|Raises)\.\*\*|\n)", about)
    return "".join(part if at % 2 else re.sub(r"([*_<>\\#\[\]|])", r"\\\1", part) for at, part in enumerate(parts))
