"""The forecast for TFLite 2.16.1 against the Android library itself, which logs what it gives to XNNPACK."""

import operator_files
import pytest
from with_java import delegated

from edgekit.delegates import predict
from edgekit.tflite import read

pytestmark = pytest.mark.usefixtures("apk")


def test_nodes_and_partitions_are_the_counted_ones():
    files = list(operator_files.cases())
    counts = delegated.counted([content for _, content in files])
    prepared = 0
    for (name, content), got in zip(files, counts, strict=True):
        if got is None:
            continue
        prepared += 1
        found = predict(read(content), "cpu@android")
        assert (found.taken, found.partitions) == got, name
    assert prepared > 1400
