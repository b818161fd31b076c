"""The Fashion-MNIST recipes from data to report at the scale of a test. Needs Debian's mirror once (30 MB, cached).

`left`: nodes that XNNPACK leaves, and its partitions. It has no int8 average pooling, and ResNet-20's published
shortcut takes every second pixel (STRIDED_SLICE).
"""

import pytest
from recipes.conftest import SMALL, by_place
from recipes.smoke import smoke

pytestmark = pytest.mark.slow  # two minutes on two cores
TARGETS = ("desktop:cpu", "loopback:0:cpu")


@pytest.mark.parametrize(
    ("name", "compressed", "left", "parameters", "macs"),
    [
        (
            "fashion-cnn",
            "pruned-qat-int8",
            {"float32": (0, 1), "int8": (1, 2), "pruned-qat-int8": (1, 2)},
            (36298, 21466),
            (2889536, 1715568),
        ),
        (
            "fashion-resnet20",
            "student-int8",
            {"float32": (4, 3), "int8": (5, 4), "student-int8": (5, 4)},
            (269434, 67906),
            (30821248, 7733696),
        ),
    ],
)
def test_every_variant_reaches_both_targets(edgekit, tmp_path, name, compressed, left, parameters, macs):
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
        assert (nodes["total"] - nodes["delegated"], nodes["partitions"]) == left[row["variant"]], place
    small, large = rows[compressed, "desktop:cpu"], rows["float32", "desktop:cpu"]
    assert (large["parameters"], small["parameters"]) == parameters
    assert (large["macs"], small["macs"]) == macs
    assert rows["int8", "desktop:cpu"]["size_bytes"] < 0.5 * large["size_bytes"]
