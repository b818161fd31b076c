"""Which phone answers: its serial number, its build, and the number of its boot."""

import pytest
from unit.targets.phone import Phone, said

from edgekit.target import parse_target
from edgekit.targets import Identity, this_computer
from edgekit.targets.android import Android

PROPERTIES = {"ro.serialno": "R3CN30", "ro.build.fingerprint": "google/shiba/shiba:15/AP4A:user/release-keys"}


def identity(phone):
    target = Android(parse_target("android:10.0.0.7:5555:cpu"), "")
    target._adb = phone
    return target.identity()


def test_a_phone_that_says_everything():
    phone = Phone(**PROPERTIES)
    phone.faults["cat /proc/sys/kernel/random/boot_id"] = said("3f1c-b00d\n")
    assert identity(phone) == Identity(
        device="Pixel 8 R3CN30 google/shiba/shiba:15/AP4A:user/release-keys", boot="3f1c-b00d"
    )


@pytest.mark.parametrize("boot", [said(err="Permission denied", code=1), said(code=1, out="cat: no such file")])
def test_a_phone_that_does_not_show_its_boot(boot):
    phone = Phone(**PROPERTIES)
    phone.faults["cat /proc/sys/kernel/random/boot_id"] = boot
    assert identity(phone).boot == ""
    other = Phone(**PROPERTIES | {"ro.serialno": "R3CN31"})
    other.faults["cat /proc/sys/kernel/random/boot_id"] = boot
    assert identity(phone) != identity(other)


def test_what_a_terminal_would_obey_is_left_out():
    phone = Phone(**PROPERTIES | {"ro.serialno": "R\x1b[2J"})
    phone.faults["cat /proc/sys/kernel/random/boot_id"] = said("a\x1bb" + "c" * 500)
    assert "\x1b" not in identity(phone).device
    assert identity(phone).boot == "ab" + "c" * 78


def test_this_computer_is_one_and_the_same():
    assert this_computer() == this_computer()
    assert this_computer().device == "this computer"
