"""The Fashion-MNIST recipes from data to report at the scale of a test. Needs Debian's mirror once (30 MB, cached)."""

import pytest
from recipes.conftest import SMALL, by_place
from recipes.smoke import smoke

TARGETS = ("desktop:cpu", "loopback:0:cpu")


@pytest.mark.parametrize(
    ("name", "compressed", "parameters", "macs"),
    [
        ("fashion-cnn", "pruned-qat-int8", (36298, 22810), (2889536, 1735776)),
        ("fashion-resnet20", "student-int8", (269434, 67858), (30821248, 7734016)),
    ],
)
def test_every_variant_reaches_both_targets(edgekit, tmp_path, name, compressed, parameters, macs):
    file = smoke(name, tmp_path, train_samples=1024)
    code, report, said = edgekit("run", file, "--workspace", tmp_path / "workspace", *SMALL)
    assert code == 0, said
    rows = by_place(report)
    assert {place for place in rows} == {(v, t) for v in ("float32", "int8", compressed) for t in TARGETS}
    for place, row in rows.items():
        assert row["status"] in ("ok", "unstable"), (place, row["reason"])
        assert row["parity"]["passed"] and row["measurement"]["target_parity"]["passed"]
        assert row["accuracy"]["where"] == "target" and row["accuracy"]["samples"] == 50
        nodes = row["measurement"]["nodes"]
        assert nodes["delegated"] == nodes["total"] > 0, "XNNPACK takes the whole file"
    small, large = rows[compressed, "desktop:cpu"], rows["float32", "desktop:cpu"]
    assert (large["parameters"], small["parameters"]) == parameters
    assert (large["macs"], small["macs"]) == macs
    assert rows["int8", "desktop:cpu"]["size_bytes"] < 0.5 * large["size_bytes"]
