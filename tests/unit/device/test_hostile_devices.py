"""Devices that answer what no honest one does: each of these once took minutes, gigabytes, or ended in a traceback."""

import contextlib
import socket
import struct
import sys
import threading
import time

import pytest
from fuzzing.adb_wire_script import HELLO, SCRIPTS, packed, wire_parser
from fuzzing.drive import one

from edgekit.device import adb_bounded, adb_program, app_ends, app_install, app_instrument, parse
from edgekit.device.adb import ShellResult
from edgekit.device.adb_wire import AdbWire, make_key
from edgekit.device.bounded_child import TooMuch, run_bounded
from edgekit.errors import DeviceError, DeviceGone

LONG = 400_000
SECONDS = 5.0
"""What took minutes takes milliseconds; the bound is far from both."""


@pytest.mark.parametrize(
    ("parser", "text"),
    [
        (parse.getprop_output, "[\n" * LONG),
        (parse.getprop_output, "[a]: [x\n" * (LONG // 8)),
        (parse.battery, "\n" * LONG),
        (parse.battery, " " * LONG),
        (parse.devices_output, "List of devices\nx device " + "a" * LONG),
        (parse.devices_output, "List of devices\n" + "x device a:b\n" * LONG),
        (app_ends.crash, "E" + " " * LONG),
        (app_ends.crash, "E " * LONG),
        (app_ends.crash, ("E " * 300 + "\n") * 1000),
        (lambda text: app_instrument.start_problem(text, "", 0), " " * LONG),
        (lambda text: app_instrument.start_problem(text, "", 0), "\n" * LONG),
        (app_install.package_path, "package:/x" + " " * LONG + "y"),
        (app_install.version_name, "\n" * LONG),
    ],
)
def test_the_time_of_a_parser_grows_with_the_text_and_no_faster(parser, text):
    started = time.monotonic()
    parser(text)
    assert time.monotonic() - started < SECONDS


def test_numbers_end_where_pythons_do():
    assert parse.whole_number("4096\x1c") == 4096
    assert parse.whole_number("\u00a04096") == 4096
    assert app_instrument.instrument_output(
        "INSTRUMENTATION_STATUS: parts=3\x1c\nINSTRUMENTATION_STATUS_CODE: 1\n"
    ).total


def test_no_more_devices_are_asked_than_anybody_has():
    found = parse.devices_output("List of devices attached\n" + "x device model:a\n" * 5000)
    assert len(found) == parse.MAX_DEVICES
    assert found[0].properties == {"model": "a"}


def test_a_commands_text_is_read_as_far_as_anybody_reads():
    assert len(ShellResult(stdout=b"x" * (20 << 20), stderr=b"", exit_code=0).text) == 4 << 20


@pytest.fixture
def scripted(tmp_path):
    """A function: bytes -> a connection to a device that sends them at once, then keeps silent and the line open."""
    key = make_key(tmp_path / "adbkey")
    opened, served = [], []

    def device(content):
        listener = socket.create_server(("127.0.0.1", 0))

        def serve():
            client, _ = listener.accept()
            opened.append(client)
            with contextlib.suppress(OSError):  # the host closed the line before it had heard everything
                client.sendall(content)

        served.append(threading.Thread(target=serve, daemon=True))
        served[-1].start()
        opened.append(listener)
        wire = AdbWire(f"127.0.0.1:{listener.getsockname()[1]}", key, seconds=60)
        opened.append(wire)
        return wire

    yield device
    for thread in served:
        thread.join(SECONDS)
    for item in opened:
        item.close()


def gone(call):
    started = time.monotonic()
    with pytest.raises(DeviceGone, match=r"vanished during"):
        call()
    assert time.monotonic() - started < SECONDS


def test_a_device_that_refuses_a_service_is_not_waited_for(scripted):
    gone(lambda: scripted(packed(HELLO) + packed((b"CLSE", 0, 1, b""))).shell("true"))


def test_a_stream_that_ends_in_the_middle_of_a_file_is_not_waited_for(scripted, tmp_path):
    answers = [HELLO, (b"OKAY", 7, 1, b""), (b"OKAY", 7, 1, b""), (b"CLSE", 7, 1, b"")]
    (tmp_path / "x").write_bytes(b"x")
    gone(lambda: scripted(b"".join(map(packed, answers))).push(tmp_path / "x", "/x"))
    gone(lambda: scripted(b"".join(map(packed, answers))).pull("/x", tmp_path / "y"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["adbkey", "adbkey.pub", "x"]


def test_a_packet_that_says_it_is_long_is_not_read(scripted):
    header = struct.pack("<6I", 0x45545257, 7, 1, 0xFFFFFFFF, 0, 0x45545257 ^ 0xFFFFFFFF)
    gone(lambda: scripted(packed(HELLO) + packed((b"OKAY", 7, 1, b"")) + header).shell("true"))


def test_a_piece_of_a_file_that_says_it_is_long_is_not_read(scripted, tmp_path):
    piece = (b"WRTE", 7, 1, b"DATA" + struct.pack("<I", 0x7FFFFFFF))
    answers = [HELLO, (b"OKAY", 7, 1, b""), (b"OKAY", 7, 1, b""), piece]
    gone(lambda: scripted(b"".join(map(packed, answers))).pull("/x", tmp_path / "y"))


def test_packets_of_streams_that_nobody_opened_are_not_kept(scripted):
    stray = [packed((b"WRTE", 9, number, b"x")) for number in range(2, 200)]
    gone(lambda: scripted(packed(HELLO) + b"".join(stray)).shell("true"))


def test_a_command_that_never_stops_printing(scripted, monkeypatch):
    monkeypatch.setattr(adb_bounded, "MAX_SHELL_BYTES", 10_000)
    script = [HELLO, (b"OKAY", 7, 1, b""), *[(b"WRTE", 7, 1, b"\1\0\4\0\0" + b"x" * 1024)] * 12]
    gone(lambda: scripted(b"".join(map(packed, script))).shell("yes"))


@pytest.mark.parametrize(("size", "whole"), [(0, False), (1, False), (1 << 20, True), (0xFFFFFFFF, True)])
def test_any_packet_size_that_a_device_offers(size, whole):
    """0xFFFFFFFF made a buffer of 4 GB for every transfer. Small ones cost more packets than the script answers."""
    parser = wire_parser()
    command, version, _, banner = HELLO
    script = b"".join(map(packed, [(command, version, size, banner), *SCRIPTS["push"][1:]]))
    assert one(parser, bytes([list(SCRIPTS).index("push")]) + script) is whole


def test_the_adb_programs_output_is_bounded(monkeypatch):
    python = [sys.executable, "-c"]
    done = run_bounded([*python, "import sys; sys.stdout.write('out'); sys.stderr.write('err'); sys.exit(3)"], 60, 100)
    assert (done.stdout, done.stderr, done.returncode) == (b"out", b"err", 3)
    endless = [*python, "while True: print('x' * 1000)"]
    with pytest.raises(TooMuch, match="1 MB"):
        run_bounded(endless, 60, 1 << 20)
    monkeypatch.setattr(adb_program, "find_adb", lambda: sys.executable)
    monkeypatch.setattr(adb_program, "MAX_SHELL_BYTES", 1 << 20)
    with pytest.raises(DeviceError, match="x printed more than 1 MB"):
        adb_program._run(endless[1:], 60, "x")
