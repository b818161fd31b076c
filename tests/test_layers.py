"""Which way imports point (docs/architecture.md), held by reading every module's syntax tree."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1] / "edgekit"
FILES = sorted(path for path in ROOT.rglob("*.py"))
NAMES = [str(path.relative_to(ROOT)) for path in FILES]

BOTTOM = {
    *("recipe", "model", "artifact", "result", "tflite", "stats", "checks", "verdict", "units", "errors", "progress"),
    *("workspace", "scratch", "cache", "optional", "target", "recurrence", "__init__"),
}
"""The bottom row: the standard library and itself; runner.protocol and runner.codec too."""
STAGES = {
    "compress",
    "convert",
    "delegates",
    "evaluate",
    "datasets",
    "metrics",
    "zoo",
    "measure",
    "targets",
    "device",
    "report",
    "bundle",
}
MAY_IMPORT = {
    "compress": {"datasets", "metrics"},
    "convert": {"datasets", "runner", "compress"},
    "delegates": set(),
    "evaluate": {"datasets", "metrics", "runner"},
    "datasets": set(),
    "metrics": set(),
    "zoo": {"datasets"},
    "measure": {"targets"},
    "targets": {"device", "runner"},
    "device": {"runner"},
    "report": set(),
    "bundle": {"datasets"},
}
"""What each stage may import besides the bottom row and itself. convert bakes what compress trained."""
ONE_FILE = {
    "typer": "cli/",
    "litert_torch": "convert/from_torch.py",
    "litert_quantizer": "convert/quantize.py",
    "litert_converter": "convert/schema.py",
    "flatbuffers": "convert/schema.py",
    "torch_pruning": "compress/prune.py",
    "ai_edge_litert": "runner/engine_litert.py",
    "tflite_runtime": "runner/engine_litert.py",
    "PIL": "datasets/imagenet_photos.py",
    "rich": "progress.py",
    "onnx": "convert/child/onnx_graph.py",
    "onnxruntime": "convert/child/onnx_graph.py",
    "onnx2tf": "convert/child/from_onnx.py",
    "keras": "convert/child/from_keras.py",
    "tf_keras": "convert/child/from_keras.py",
    "h5py": "convert/child/from_keras.py",
    "adb_shell": "device/",
    "cryptography": "device/",
}
"""One third-party tool, one file (a folder where the tool is the folder's subject)."""
SEVERAL_FILES = {
    "coremltools": {"convert/coreml.py", "runner/engine_coreml.py"},
    "platformdirs": {"device/adb_wire.py", "datasets/fetch.py"},
    "tensorflow": {
        *("runner/engine_litert.py", "convert/child/from_saved_model.py", "convert/child/from_keras.py"),
    },
    "google": {"convert/child/onnx_graph.py", "convert/child/from_saved_model.py"},
    "sklearn": {"datasets/digits.py", "datasets/movie_snippets.py"},
}
"""The exceptions: where a user's files lie, asked once for the key and once for the downloads; data and yardsticks;
TensorFlow as a runtime and as a converter; the error of protobuf's parser, for both formats in it."""
EVERYWHERE = {"numpy", "torch"}
"""What arrays and networks are written in."""


def part(path: Path) -> str:
    """The row or stage a file belongs to: its first folder, or its own name."""
    relative = path.relative_to(ROOT)
    name = relative.parts[0].removesuffix(".py")
    return "cli" if name == "__main__" else name


def imported(path: Path) -> list[str]:
    """Every module name that `path` imports, inside functions too."""
    names = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names.append(node.module or "")
            names += [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("need", "importlib.import_module"):
            names += [argument.value for argument in node.args[:1] if isinstance(argument, ast.Constant)]
    return names


def ours(path: Path) -> set[str]:
    """The parts of edgekit that `path` imports, runner.protocol and runner.codec as `bottom`."""
    parts = set()
    for name in imported(path):
        pieces = name.split(".")
        if pieces[0] != "edgekit" or len(pieces) < 2:
            continue
        in_format = pieces[1] == "runner" and len(pieces) > 2 and pieces[2] in ("protocol", "codec")
        parts.add("bottom" if in_format else pieces[1])
    # `from edgekit.runner import codec` names both the package and the module
    if "bottom" in parts and not any(
        name.startswith("edgekit.runner.") and name.split(".")[2] not in ("protocol", "codec")
        for name in imported(path)
    ):
        parts.discard("runner")
    return parts


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_imports_point_down(path):
    row = part(path)
    reached = ours(path) - {"bottom", row, "__version__"}
    if row in BOTTOM:
        assert reached <= BOTTOM, f"{row} is in the bottom row and imports {sorted(reached - BOTTOM)}"
    elif row == "runner":
        assert not reached, f"the runner travels alone and imports {sorted(reached)}"
    elif row in STAGES:
        allowed = BOTTOM | MAY_IMPORT[row]
        assert reached <= allowed, f"stage {row} imports {sorted(reached - allowed)}"
    elif row == "pipeline":
        assert "cli" not in reached
    else:
        assert row == "cli", f"{row} has no row in this test: say where it stands"
        assert not reached & {"compress", "convert", "measure", "targets", "evaluate", "datasets", "zoo"}


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_bottom_row_needs_nothing_installed(path):
    row = part(path)
    if row not in BOTTOM and path.name not in ("protocol.py", "codec.py"):
        return
    allowed = set(sys.stdlib_module_names) | {"edgekit"}
    if path.name == "progress.py":
        allowed |= {"rich"}
    foreign = {name.split(".")[0] for name in imported(path)} - allowed
    assert not foreign, f"{path.name} imports {sorted(foreign)}"


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_one_tool_one_file(path):
    relative = str(path.relative_to(ROOT))
    for name in {name.split(".")[0] for name in imported(path)} & ONE_FILE.keys():
        assert relative.startswith(ONE_FILE[name]), f"{relative} imports {name}; only {ONE_FILE[name]} may"


def importers() -> dict[str, set[str]]:
    """Third-party package -> the files that import it."""
    found: dict[str, set[str]] = {}
    for path, name in zip(FILES, NAMES, strict=True):
        for package in {module.split(".")[0] for module in imported(path)} - set(sys.stdlib_module_names):
            found.setdefault(package, set()).add(name)
    return found


def test_every_tool_has_a_rule_and_every_rule_is_in_use():
    assert set(importers()) - {"edgekit"} == {*ONE_FILE, *SEVERAL_FILES, *EVERYWHERE}


@pytest.mark.parametrize("package", SEVERAL_FILES)
def test_exceptions_to_one_tool_one_file(package):
    assert importers()[package] == SEVERAL_FILES[package]


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_habits_of_safety(path):
    relative = str(path.relative_to(ROOT))
    for node in ast.walk(ast.parse(path.read_text())):
        text = ast.unparse(node) if isinstance(node, (ast.Call, ast.Attribute)) else ""
        if isinstance(node, ast.Attribute) and text in ("os.environ", "os.getenv"):
            allowed = relative.startswith("cli/") or relative in ("device/choose.py",)
            # a child's environment is a copy of ours with something added: that reads no setting
            assert allowed or "os.environ.copy()" in path.read_text() or "**os.environ" in path.read_text(), relative
        if not isinstance(node, ast.Call):
            continue
        keywords = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
        assert keywords.get("shell") != "True", f"{relative}:{node.lineno} runs a shell"
        called = ast.unparse(node.func)
        assert not called.startswith(("pickle.", "marshal.")), f"{relative}:{node.lineno}"
        if called == "torch.load":
            assert keywords.get("weights_only") == "True", f"{relative}:{node.lineno}"
        if called == "print":
            assert relative.startswith("cli/") or relative.endswith("__main__.py"), f"{relative}:{node.lineno} prints"
