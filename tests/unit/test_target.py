"""Names of targets."""

import pytest

from edgekit.errors import UsageError
from edgekit.target import parse_target


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("desktop:cpu", ("desktop", "", "cpu", "litert")),
        ("desktop:cuda@torch", ("desktop", "", "cuda", "torch")),
        ("android:10.0.0.7:5555:gpu", ("android", "10.0.0.7:5555", "gpu", "litert")),
        ("android:*:*", ("android", "*", "*", "litert")),
        ("loopback:0:cpu-default", ("loopback", "0", "cpu-default", "litert")),
    ],
)
def test_targets(text, parts):
    spec = parse_target(text)
    assert (spec.kind, spec.address, spec.delegate, spec.runtime) == parts
    assert str(spec) == text


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("andriod:*:cpu", "no kind of target is called 'andriod', did you mean 'android'?", "kinds: desktop"),
        ("android:10.0.0.7:5555", "'5555' is no delegate", "name a delegate: android:10.0.0.7:5555:cpu"),
        ("desktop:gpuu", "'gpuu' is no delegate, did you mean 'gpu'?", "name a delegate: desktop:cpu"),
        ("desktop:cpu@tourch", "no runtime is called 'tourch', did you mean 'torch'?", "runtimes: litert"),
        ("desktop", "is no delegate", "desktop:cpu"),
        ("loopback::cpu", "has no address", "loopback:*:cpu"),
    ],
)
def test_misspelt_targets(text, message, hint):
    with pytest.raises(UsageError) as caught:
        parse_target(text)
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert caught.value.exit_code == 2
