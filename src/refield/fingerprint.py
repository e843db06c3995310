"""A fingerprint of the code that makes a result: its syntax, without comments and docstrings."""

import ast
import functools
import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

PACKAGE = Path(__file__).parent


def closure(modules: Iterable[str]) -> list[Path]:
    """The files of `modules` (such as "refield.engine") and of all of this package's modules that they import.

    Tables (`__init__.py`) are left out: they only name the files that they gather.
    """
    found: set[Path] = set()
    queue = [_file(module) for module in modules]
    while queue:
        file = queue.pop()
        if file is not None and file not in found:
            found.add(file)
            queue.extend(_file(name) for name in _imports(file))
    return sorted(found)


@functools.cache
def fingerprint(*modules: str) -> str:
    """Hexadecimal sha256 over the syntax of the modules and of what they import from this package."""
    return hashlib.sha256(json.dumps(syntax(*modules)).encode()).hexdigest()


def syntax(*modules: str) -> dict[str, str]:
    """The hexadecimal sha256 of each file's syntax, by its path in this package: a fingerprint's parts."""
    files = closure(modules)
    return {
        file.relative_to(PACKAGE).as_posix(): hashlib.sha256(_normalised(file).encode()).hexdigest() for file in files
    }


def _file(module: str) -> Path | None:
    file = PACKAGE.parent.joinpath(*module.split(".")).with_suffix(".py")
    return file if file.is_file() else None


def _imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _normalised(file: Path) -> str:
    tree = ast.parse(file.read_bytes())
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and ast.get_docstring(
            node
        ):
            node.body = node.body[1:] or [ast.Pass()]
    return ast.unparse(tree)
