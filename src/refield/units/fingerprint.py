"""A fingerprint of the code that makes a result: of all definitions that are used, wherever they lie.

A definition counts by its syntax, without comments, docstrings and annotations. What it uses of its own module counts
too; what it uses of another module of this package stands in the place of the import, as that module's digest.
"""

import ast
import functools
import hashlib
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
# Tables only name the modules that they gather; what a unit uses of them is named by itself.
TABLES = ("__init__.py", "ways.py")
# Methods and attributes that no fitted byte depends on: an edit there fits nothing again. An interrupted fit ends with
# the bytes of one that was not, whatever a descent's `state` and `resume` do for that.
UNFITTED = {"score", "measures", "only_scores", "cost", "decode", "axes"}
OF_DESCENTS = {"state", "resume"}


@functools.cache
def fingerprint(*modules: str, scores: bool = False) -> str:
    """The hexadecimal sha256 of modules, such as "refield.fields.mlp", and of all that they use of this package.

    Without `scores`, what only scores depend on is left out.
    """
    digests = [digest(file, None, scores) for module in sorted(set(modules)) if (file := find(module))]
    return _sha256(" ".join(sorted(digests)))


@functools.cache
def digest(file: Path, names: frozenset[str] | None, scores: bool) -> str:
    """The digest of what some names of a file mean; of the whole file, if it is not said which."""
    module = ast.parse(file.read_bytes())
    unfitted = UNFITTED | OF_DESCENTS if PACKAGE / "fitting" in file.parents else UNFITTED
    for node in ast.walk(module):
        _strip(node, set() if scores else unfitted)
    module.body = [statement for statement in module.body if not _is_for_types(statement)]
    defined: dict[str, list[ast.stmt]] = {}
    for statement in module.body:
        for name in _defined(statement):
            defined.setdefault(name, []).append(statement)
    # A statement that defines nothing, such as a call, may do anything.
    kept = [statement for statement in module.body if not any(_defined(statement))]
    imports = {name for statement in module.body if _is_import(statement) for name in _defined(statement)}
    for name in sorted(defined.keys() - imports if names is None else names):
        kept += [each for each in defined.get(name, []) if each not in kept]
    for statement in kept:  # which grows meanwhile
        kept += [each for name in _used(statement) for each in defined.get(name, []) if each not in kept]
    used = {name for statement in kept for name in _used(statement)}.union(names or ())
    return _sha256("\n".join(sorted(_text(statement, used, scores) for statement in kept)))


def _text(statement: ast.stmt, used: set[str], scores: bool) -> str:
    """A statement's syntax; of an import from this package, what the names that are used mean there.

    Of one that a function does late, it stands beside the syntax.
    """
    if not _is_own(statement):
        late = [node for node in ast.walk(statement) if isinstance(node, ast.ImportFrom) and _is_own(node)]
        every = {alias.asname or alias.name for node in late for alias in node.names}
        return "\n".join([ast.unparse(statement), *(_text(node, every, scores) for node in late)])
    assert isinstance(statement, ast.ImportFrom)
    told = []
    for alias in statement.names:
        if (own := alias.asname or alias.name) in used:
            whole, part = find(f"{statement.module}.{alias.name}"), find(statement.module or "")
            file, names = (whole, None) if whole else (part, frozenset({alias.name}))
            told.append(f"{own} {digest(file, names, scores) if file and file.name not in TABLES else alias.name}")
    return f"import {', '.join(sorted(told))}"


def _strip(node: ast.AST, names: set[str]) -> None:
    """Remove what no result depends on from a node itself: prose, types, and of classes what has one of some names."""
    if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
        node.body = node.body[1:] or [ast.Pass()]
    if isinstance(node, ast.ClassDef):
        node.body = [each for each in node.body if not names.intersection(_defined(each))] or [ast.Pass()]
    if isinstance(node, ast.FunctionDef):
        node.returns = None
    if isinstance(node, ast.arg):
        node.annotation = None


def _defined(statement: ast.stmt) -> Iterator[str]:
    """The names that a statement gives a meaning to; none if it does anything else as well."""
    match statement:
        case ast.FunctionDef() | ast.ClassDef():
            yield statement.name
        case ast.Import() | ast.ImportFrom():
            yield from ((alias.asname or alias.name).split(".")[0] for alias in statement.names)
        case ast.Assign():
            yield from (
                node.id for target in statement.targets for node in ast.walk(target) if isinstance(node, ast.Name)
            )
        case ast.AnnAssign(target=ast.Name(id=name)):
            yield name


def _is_import(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Import | ast.ImportFrom)


def _is_own(statement: ast.stmt) -> bool:
    """Whether it imports from this package."""
    return isinstance(statement, ast.ImportFrom) and (statement.module or "").split(".")[0] == PACKAGE.name


def _is_for_types(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.If) and ast.unparse(statement.test) == "TYPE_CHECKING"


def _used(statement: ast.stmt) -> list[str]:
    """The names that a statement reads, in the order of the syntax tree."""
    if _is_import(statement):
        return []
    return list(dict.fromkeys(node.id for node in ast.walk(statement) if isinstance(node, ast.Name)))


def find(module: str) -> Path | None:
    """The file of a module of this package; None if it is none, or a package."""
    file = PACKAGE.parent.joinpath(*module.split(".")).with_suffix(".py")
    return file if file.is_file() else None


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
