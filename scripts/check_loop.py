"""Refuse code that would block the gateway's event loop: `python scripts/check_loop.py [folder]`.

In the body of an `async def` nothing may open a database session, talk to the object store, touch files, sleep, or
parse what is large, nor call a plain function that does, in whatever module of the folder it is. Such work is given to
a thread (`asyncio.to_thread(function, ...)`), or the route is a plain `def`, which Starlette runs in one.
`services.gateway.db.engine` refuses at run time what this does not see.
"""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "services" / "gateway"
_SESSIONS = ("read", "write", "migrate")
_FILES = ("open", "read_bytes", "read_text", "write_bytes", "write_text", "unlink", "rmtree", "mkdtemp", "mkstemp")
_PLAIN = (
    *("open", "read_subtitles", "put_bytes", "put_file", "read_bytes", "get_file", "plain_audio"),
    *("TemporaryDirectory", "TemporaryFile", "NamedTemporaryFile"),
)

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class Found:
    """One function or method: what it calls, and what of that blocks by itself."""

    where: Path
    node: Function
    blocks: list[tuple[int, str]] = field(default_factory=list)
    calls: list[tuple[int, str]] = field(default_factory=list)


def main() -> int:
    """Print every place; the exit status tells whether there was one."""
    folder = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else FOLDER
    problems = list(check(folder))
    for problem in problems:
        sys.stdout.write(f"{problem}\n")
    return 1 if problems else 0


def check(folder: Path) -> Iterator[str]:
    """What is wrong in the modules of `folder`, one line each."""
    functions: dict[str, Found] = {}
    for path in sorted(folder.rglob("*.py")):
        _collect(path, functions)
    reasons = _blocking(functions)
    for name, found in functions.items():
        if not isinstance(found.node, ast.AsyncFunctionDef):
            continue
        wrong = found.blocks + [
            (line, f"{call}() blocks: {reasons[call]}") for line, call in found.calls if call in reasons
        ]
        for line, what in sorted(wrong):
            yield f"{found.where}:{line}: {name.rsplit('.', 1)[-1]} runs on the event loop, but {what}"


def _blocking(functions: dict[str, Found]) -> dict[str, str]:
    """Every plain function that blocks, by itself or through others, with the reason."""
    plain = {name: one for name, one in functions.items() if isinstance(one.node, ast.FunctionDef)}
    reasons = {name: one.blocks[0][1] for name, one in plain.items() if one.blocks}
    while True:
        more = {
            name: f"{call}() blocks"
            for name, one in plain.items()
            for _, call in one.calls
            if call in reasons and name not in reasons
        }
        if not more:
            return reasons
        reasons |= more


def _collect(path: Path, functions: dict[str, Found]) -> None:
    module = _module(path)
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = _imports(tree)
    for node, owner in _functions(tree, module):
        found = Found(path, node)
        for call in _own_calls(node):
            if why := _blocks(call):
                found.blocks.append((call.lineno, why))
            elif name := _resolve(call.func, module, owner, imported):
                found.calls.append((call.lineno, name))
        functions[f"{owner}.{node.name}"] = found


def _module(path: Path) -> str:
    inside = path.relative_to(ROOT) if path.is_relative_to(ROOT) else Path(path.name)
    return ".".join(inside.with_suffix("").parts)


def _imports(tree: ast.Module) -> dict[str, str]:
    """What each imported name of a module stands for."""
    return {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }


def _functions(tree: ast.AST, owner: str) -> Iterator[tuple[Function, str]]:
    """Every function with the dotted name of what it stands in."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, Function):
            yield node, owner
            yield from _functions(node, f"{owner}.{node.name}")
        elif isinstance(node, ast.ClassDef):
            yield from _functions(node, f"{owner}.{node.name}")
        else:
            yield from _functions(node, owner)


def _own_calls(function: Function) -> Iterator[ast.Call]:
    """Calls in the body, without those of functions and lambdas that are only defined there."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, Function | ast.Lambda):
            continue
        if isinstance(node, ast.Call):
            yield node
        waiting += ast.iter_child_nodes(node)


def _blocks(call: ast.Call) -> str | None:
    """Why this call blocks by itself."""
    match call.func:
        case ast.Name(id=name) if name in _PLAIN:
            return f"{name}() touches files or takes long"
        case ast.Attribute(value=ast.Name(id="time"), attr="sleep"):
            return "time.sleep() stops everything"
        case ast.Attribute(value=receiver, attr=name):
            owner = _last(receiver)
            if owner == "database" and name in _SESSIONS:
                return f"database.{name}() waits for the database"
            if owner == "store":
                return f"store.{name}() waits for the object store"
            if name in _FILES and owner in ("path", "folder", "tempfile", "shutil"):
                return f"{owner}.{name}() touches files"
    return None


def _last(node: ast.expr) -> str:
    """The last word of a dotted name, without underscore: `database` of `self._database`."""
    if isinstance(node, ast.Attribute):
        return node.attr.lstrip("_")
    return node.id.lstrip("_") if isinstance(node, ast.Name) else ""


def _resolve(called: ast.expr, module: str, owner: str, imported: dict[str, str]) -> str | None:
    """The full name of a function that is called, as far as it can be read off."""
    match called:
        case ast.Name(id=name):
            return imported.get(name, f"{module}.{name}")
        case ast.Attribute(value=ast.Name(id="self"), attr=name):
            return f"{owner}.{name}"
        case ast.Attribute(value=ast.Name(id=of), attr=name) if of in imported:
            return f"{imported[of]}.{name}"
    return None


if __name__ == "__main__":
    sys.exit(main())
