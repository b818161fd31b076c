"""A recipe's names and `module:function`s -> the functions they stand for, and the files that a stage's key holds."""

import ast
import hashlib
import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from edgekit.errors import EdgekitError, RecipeError
from edgekit.recipe.spec import FunctionRef
from edgekit.runner import codec

DEBUG_HINT = "run with --debug to see where"
Fail = Callable[..., RecipeError]


def check_name(reference: FunctionRef, table: Mapping[str, str]) -> None:
    """RecipeError for a name that is neither in the table nor module:function; nothing is imported."""
    if reference.name not in table and ":" not in reference.name:
        raise RecipeError(
            f"{reference.name!r} is no name edgekit knows{codec.closest(reference.name, table)} and no module:function",
            f"known: {', '.join(table)}",
            file=reference.file,
            key=reference.key,
        )


def resolve(reference: FunctionRef, table: Mapping[str, str], folder: Path) -> Callable[..., Any]:
    """The function of a table's name or `module:function`; a module beside the recipe comes before an installed one."""

    def fail(message: str, hint: str) -> RecipeError:
        return RecipeError(message, hint, file=reference.file, key=reference.key)

    check_name(reference, table)
    module_name, _, function_name = table.get(reference.name, reference.name).partition(":")
    module = _import(module_name, folder if reference.name not in table else None, fail)
    function = getattr(module, function_name, None)
    if not callable(function):
        public = [name for name in vars(module) if not name.startswith("_")]
        raise fail(
            f"module {module_name} has no function {function_name!r}{codec.closest(function_name, public)}",
            "write module:function",
        )
    return function  # type: ignore[no-any-return]


def call(reference: FunctionRef, function: Callable[..., Any], *, key: str, file: Path, options_key: str = "") -> Any:
    """`function(**options)`; RecipeError for an option it does not take, and for what the user's code raises."""
    try:
        inspect.signature(function).bind(**reference.options)
    except TypeError as error:
        names = ", ".join(inspect.signature(function).parameters)
        raise RecipeError(
            f"{reference.name}: {error}", f"it takes: {names}", file=file, key=options_key or f"{key}.options"
        ) from error
    try:
        made = function(**reference.options)
    except (EdgekitError, OSError, ModuleNotFoundError):
        raise  # a sentence already
    except Exception as error:  # the user's code raises whatever it does
        place = options_key or key
        raise RecipeError(f"{reference.name} raised {_said(error)}", DEBUG_HINT, file=file, key=place) from error
    if made is None:
        raise RecipeError(f"{reference.name} returned nothing", "end the function with return", file=file, key=key)
    return made


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"


def _import(name: str, folder: Path | None, fail: Fail) -> Any:
    own = _own_file(name, folder)
    try:
        return importlib.import_module(name) if own is None else _import_file(name, own)
    except ModuleNotFoundError as error:
        if error.name and error.name.partition(".")[0] != name.partition(".")[0]:
            raise
        raise fail(
            f"no module {name!r} beside the recipe or installed",
            f"put {name.replace('.', '/')}.py into the recipe's folder",
        ) from error
    except (EdgekitError, OSError):
        raise
    except Exception as error:  # the user's module raises whatever it does
        raise fail(f"module {name} raised {_said(error)}", DEBUG_HINT) from error


def _import_file(name: str, path: Path) -> Any:
    unique = f"_edgekit_recipe_{hashlib.sha256(str(path).encode()).hexdigest()[:12]}_{name}"
    if unique in sys.modules:
        return sys.modules[unique]
    spec = importlib.util.spec_from_file_location(unique, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"cannot load {path}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[unique] = module
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))  # so that it may import its neighbours; installed modules come first
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[unique]
        raise
    return module


def _own_file(name: str, folder: Path | None) -> Path | None:
    if folder is None:
        return None
    path = folder.joinpath(*name.split(".")).with_suffix(".py")
    return path if path.is_file() else None


def source_files(reference: FunctionRef, table: Mapping[str, str], folder: Path) -> tuple[Path, ...]:
    """The files whose text is part of a stage's key: the function's own module.

    One beside the recipe may import its neighbours, so that each of them counts.
    """
    name = table.get(reference.name, reference.name).partition(":")[0]
    own = _own_file(name, folder if reference.name not in table else None)
    if own is not None:
        return (own, *(path for path in sorted(own.parent.glob("*.py")) if path != own))
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        spec = None
    return _with_siblings(Path(spec.origin)) if spec and spec.origin and Path(spec.origin).is_file() else ()


def _with_siblings(path: Path) -> tuple[Path, ...]:
    """An installed module, and the modules of its own package that it imports, and those that they do."""
    found, waiting = [path], [path]
    while waiting:
        for node in _imports(waiting.pop()):
            modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names = {name.rpartition(".")[2] for name in (*modules, *(alias.name for alias in node.names))}
            new = [path.with_name(f"{name}.py") for name in sorted(names)]
            new = [item for item in new if item not in found and item.is_file()]
            found += new
            waiting += new
    return tuple(found)


def _imports(path: Path) -> list[ast.Import | ast.ImportFrom]:
    """Of Python text; a compiled module's are not known."""
    try:
        tree = ast.parse(path.read_bytes()) if path.suffix == ".py" else ast.Module([], [])
    except (SyntaxError, ValueError):
        return []
    return [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
