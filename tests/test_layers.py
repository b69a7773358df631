"""Imports point down the layer table of docs/design.md only; siblings never import each other."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "flambeau"
GATHERING = "flambeau"  # files outside the layers: they only gather names for users


def layers() -> list[list[str]]:
    """The rows of the table, the highest first."""
    text = (ROOT / "docs" / "design.md").read_text()
    table = text.split("|---|---|", 1)[1].split("\n\n", 1)[0]
    return [re.findall(r"`(\w+)`", line.split("|")[1]) for line in table.strip().splitlines()]


RANK = {name: -row for row, names in enumerate(layers()) for name in names}


class Edge(NamedTuple):
    """One import: in which file and line, from which layer to which."""

    where: str
    source: str
    target: str


def layer_of(parts: list[str]) -> str:
    return parts[0] if parts and parts[0] in RANK else GATHERING


def module_parts(path: Path) -> list[str]:
    parts = list(path.relative_to(PACKAGE).with_suffix("").parts)
    return parts[:-1] if parts[-1] == "__init__" else parts


def statements(tree: ast.AST):
    """All import statements but those for type checkers alone."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield node
        yield from statements(node)


def targets(node: ast.Import | ast.ImportFrom, folder: list[str]) -> list[list[str]]:
    """What a statement imports, as paths inside the package."""
    if isinstance(node, ast.Import):
        names = [alias.name.split(".") for alias in node.names]
    elif node.level:
        base = ["flambeau", *folder[: len(folder) - node.level + 1]]
        base += node.module.split(".") if node.module else []
        names = [[*base, alias.name] for alias in node.names]
    else:
        names = [[*(node.module or "").split("."), alias.name] for alias in node.names]
    return [name[1:] for name in names if name[0] == "flambeau"]


def edges() -> list[Edge]:
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = module_parts(path)
        folder = parts if path.name == "__init__.py" else parts[:-1]
        source = layer_of(parts)
        for node in statements(ast.parse(path.read_text())):
            for target in targets(node, folder):
                where = f"{path.relative_to(ROOT)}:{node.lineno}"
                found.append(Edge(where, source, layer_of(target)))
    return found


def allowed(edge: Edge) -> bool:
    if edge.source in (edge.target, GATHERING):
        return edge.target != "cli" or edge.source == "cli"
    if edge.target == GATHERING:
        return edge.source == "cli"  # the command line is a user of the package like any other
    return RANK[edge.target] < RANK[edge.source]


def test_the_table_names_the_folders():
    """Every layer of the table is a folder, and every folder of code is in the table."""
    gathering = {"utils"}
    folders = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert set(RANK) <= folders
    unknown = folders - set(RANK) - gathering
    assert not unknown, f"folders that are not in docs/design.md: {sorted(unknown)}"


def test_imports_point_down():
    wrong = [f"{e.where}: {e.source} imports {e.target}" for e in edges() if not allowed(e)]
    assert not wrong, "\n".join(wrong)


def test_only_the_backend_names_backends():
    """NumPy is everywhere arrays are; jax and the native runtime are named in `backend` alone."""
    wrong = []
    for path in sorted(PACKAGE.rglob("*.py")):
        if layer_of(module_parts(path)) == "backend":
            continue
        for node in statements(ast.parse(path.read_text())):
            names = (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
            )
            if any(name.split(".")[0] in ("jax", "jaxlib", "nanobind") for name in names):
                wrong.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert not wrong, "\n".join(wrong)


def test_nobody_imports_the_oracle():
    """The product needs NumPy alone: PyTorch is named in the tests and nowhere else."""
    wrong = []
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in statements(ast.parse(path.read_text())):
            names = (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""] * (node.level == 0)
            )
            if any(name.split(".")[0] in ("torch", "torchvision") for name in names):
                wrong.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert not wrong, "\n".join(wrong)
