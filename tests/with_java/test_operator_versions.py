"""The committed table of operator versions is what the real library of TFLite for Android takes, asked of it anew.

The library is what the app's build leaves in android_runner/target.
"""

import subprocess

import pytest
from with_java import probes

from edgekit.tflite.versions import TFLITE_2_16_1

pytestmark = pytest.mark.usefixtures("apk")


def test_builtin_operators():
    """Some 4000 models, each of one operator in one version; every version between the oldest and newest is taken."""
    found = probes.builtin_versions()
    assert {name: versions[-1] for name, versions in found.items()} == dict(TFLITE_2_16_1.newest)
    for name, versions in found.items():
        assert versions == list(range(TFLITE_2_16_1.oldest.get(name, 1), versions[-1] + 1))


@pytest.mark.parametrize("name", sorted(TFLITE_2_16_1.custom))
def test_custom_operators_that_it_has(name):
    """Without its options such an operator ends the process, or is refused: but never as unknown."""
    try:
        (said,) = probes.answers([probes.custom(name)])
    except subprocess.CalledProcessError as error:
        assert error.returncode < 0
        return
    assert "unresolved custom op" not in said


def test_custom_operators_that_it_does_not_have():
    said = probes.answers([probes.custom(name) for name in ("FlexAdd", "MyOp", "ReadVariable")])
    assert "Select TensorFlow op(s)" in said[0]
    assert all("unresolved custom op" in text for text in said[1:])
