"""Every entry of every table of strings names something that exists."""

import ast
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1] / "edgekit"


def table_entries() -> list[tuple[str, str, str]]:
    """(module, key, 'module:function') of every module-level dict literal whose values all look like that."""
    found = []
    for path in sorted(ROOT.rglob("*.py")):
        for node in ast.parse(path.read_text()).body:
            value = node.value if isinstance(node, (ast.Assign, ast.AnnAssign)) else None
            if not isinstance(value, ast.Dict) or not value.values:
                continue
            texts = [
                item.value for item in value.values if isinstance(item, ast.Constant) and isinstance(item.value, str)
            ]
            if len(texts) == len(value.values) and all(text.startswith("edgekit.") and ":" in text for text in texts):
                module = str(path.relative_to(ROOT))
                found += [(module, ast.literal_eval(key), text) for key, text in zip(value.keys, texts, strict=True)]
    return found


ENTRIES = table_entries()


def test_the_tables_are_found():
    modules = {module for module, _, _ in ENTRIES}
    expected = {"cli/main.py", "compress/__init__.py", "datasets/__init__.py", "zoo/__init__.py", "targets/__init__.py"}
    assert expected <= modules, sorted(modules)


@pytest.mark.parametrize(("module", "key", "place"), ENTRIES, ids=[f"{m}[{k}]" for m, k, _ in ENTRIES])
def test_entry_resolves(module, key, place):
    name, _, function = place.partition(":")
    found = getattr(importlib.import_module(name), function)
    assert callable(found) or isinstance(found, dict), f"{module}: {key} -> {place}"  # a table may name a table
