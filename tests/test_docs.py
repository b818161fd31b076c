"""The documentation against the program: commands, recipes, errors, the generated pages."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from edgekit import errors
from edgekit.cli.main import COMMANDS

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_is_documented_and_has_help(command):
    assert f"## edgekit {command}\n" in (ROOT / "docs" / "cli.md").read_text()
    done = subprocess.run([sys.executable, "-m", "edgekit", command, "--help"], capture_output=True, text=True)
    assert done.returncode == 0
    assert f"edgekit {command} " in done.stdout.replace("Usage:", ""), "help carries an example line"
    assert f"edgekit {command}" in README


def test_generated_pages_are_current():
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "generate_docs.py"), "--check"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_every_recipe_is_documented():
    for recipe in sorted((ROOT / "recipes").glob("*.toml")):
        assert recipe.name in (ROOT / "recipes" / "README.md").read_text()
        assert recipe.stem in README


def test_every_exit_code_is_documented():
    page = (ROOT / "docs" / "architecture.md").read_text()
    codes = {kind.exit_code for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)}
    for code in codes | {errors.SOME_ROW_FAILED}:
        assert re.search(rf"^\| {code} \|", page, re.MULTILINE), f"exit code {code} has no row in docs/architecture.md"


def test_links_inside_the_repository_lead_somewhere():
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
            assert (page.parent / link).exists(), f"{page.relative_to(ROOT)} links to {link}"


def test_one_version():
    from edgekit import __version__

    changelog = (ROOT / "CHANGELOG.md").read_text()
    assert f"## {__version__}" in changelog
    assert re.search(r"## (\S+)", changelog).group(1) == __version__


def test_install_hints_name_the_distribution():
    for path in [ROOT / "README.md", *sorted((ROOT / "edgekit").rglob("*.py")), *sorted((ROOT / "docs").rglob("*.md"))]:
        for line in re.findall(r"pip install[^\n`]*", path.read_text()):
            assert "edgekit[" not in line, (
                f"{path.relative_to(ROOT)}: {line}: edgekit on PyPI is somebody else's package"
            )
