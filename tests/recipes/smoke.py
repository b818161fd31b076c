"""A recipe that edgekit brings, at the scale of a test: fewer samples, two epochs, short launches."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def smoke(name: str, folder: Path, **data_options: object) -> Path:
    """Write the recipe `name` into `folder` with two epochs a step, and these options of its data source."""
    text = (ROOT / "recipes" / f"{name}.toml").read_text()
    text = re.sub(r"\bepochs = \d+", "epochs = 2", text)
    text = re.sub(r"\bbatch = \d+", "batch = 32", text)
    text = re.sub(r"\baccuracy_samples = \d+", "accuracy_samples = 50", text)
    if data_options:
        told = ", ".join(f"{key} = {value}" for key, value in data_options.items())
        assert "options = {" not in text.partition("[data]")[2].partition("[")[0], "the recipe sets data options itself"
        text = re.sub(r"(\[data\]\nsource = [^\n]*)", rf"\1\noptions = {{ {told} }}", text)
    file = folder / f"{name}.toml"
    file.write_text(text)
    return file
