"""Markers, Android's memory of ended processes, and log lines: sound, damaged and hostile."""

import json
import random

import pytest

from edgekit.device.app_ends import Crash, ExitInfo, Marker, crash, exit_info, marker, process_ids, signal_name

MARKER = {"id": "j", "pid": 7, "state": "running", "case": "c0", "phase": "samples", "sentence": ""}
EXITS = """ACTIVITY MANAGER PROCESS EXIT INFO (dumpsys activity exit-info)
Last Timestamp of Persistence Into Persistent Storage: 2026-11-25 04:00:00.000
  package: dev.edgekit.runner
    Historical Process Exit for uid=10123
        ApplicationExitInfo #0:
          timestamp=2026-11-25 04:42:00.000 pid=200 realUid=10123 packageUid=10123 definingUid=10123 user=0
          process=dev.edgekit.runner reason=3 (LOW_MEMORY) subreason=0 (UNKNOWN) status=0
          importance=100 pss=0.00 rss=0.00 description=null state=empty trace=null
        ApplicationExitInfo #1:
          timestamp=2026-11-25 04:41:00.000 pid=100 realUid=10123 packageUid=10123 definingUid=10123 user=0
          process=dev.edgekit.runner reason=5 (APP CRASH(NATIVE)) subreason=0 (UNKNOWN) status=11
          importance=100 pss=0.00 rss=0.00 description=crash in x state=empty trace=/data/x
"""


def test_markers():
    assert marker(json.dumps(MARKER)) == Marker(**MARKER)
    for damaged in (
        "",
        "{",
        "[]",
        json.dumps(MARKER)[:-5],
        json.dumps(MARKER | {"state": "odd"}),
        '{"id": 5}',
        b"\xff",
    ):
        assert marker(damaged) is None


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_exit_info(end):
    text = EXITS.replace("\n", end)
    assert exit_info(text, 100) == ExitInfo(pid=100, reason=5, status=11, description="crash in x")
    assert exit_info(text, 200) == ExitInfo(pid=200, reason=3, status=0, description="")
    assert exit_info(text, 10) is None
    assert exit_info("Bad activity command: exit-info", 100) is None


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("11-25 04:42:00.123  77  80 {p} {t}: {m}", "{m}"),
        ("{p}/{t}(   77): {m}", "{m}"),
        ("11-25 04:42:00.123 {p}/{t}(  77): {m}", "{m}"),
    ],
    ids=["threadtime", "brief", "time"],
)
def test_a_native_crash_in_every_format(form, expected):
    lines = [
        form.format(p="I", t="tflite  ", m="Created interpreter"),
        form.format(p="E", t="tflite  ", m="tensor 5: no memory"),
        form.format(p="F", t="libc    ", m="Fatal signal 6 (SIGABRT), code -1 (SI_QUEUE) in tid 80"),
    ]
    found = crash("--------- beginning of main\n" + "\r\n".join(lines))
    assert found.signal == "SIGABRT"
    assert found.lines == ("tensor 5: no memory", "Fatal signal 6 (SIGABRT), code -1 (SI_QUEUE) in tid 80")


def test_a_log_without_errors_shows_its_end():
    lines = [f"11-25 04:42:00.123  77  80 I tflite: step {number}" for number in range(9)]
    assert crash("\n".join(lines)).lines == ("step 5", "step 6", "step 7", "step 8")
    assert crash("") == Crash()


def test_nothing_of_a_terminal_gets_through():
    text = (
        "11-25 04:42:00.123  77  80 E AndroidRuntime: FATAL EXCEPTION: main\nE/x( 7): java.lang.Error: \x1b[2J"
        + "y" * 999
    )
    found = crash(text)
    assert found.exception.startswith("java.lang.Error: [2Jy")
    assert len(found.exception) == 160
    assert all(character.isprintable() for line in found.lines for character in line)


def test_random_damage_is_never_an_exception():
    source = random.Random(5)
    text = (
        EXITS
        + "E/AndroidRuntime( 1): FATAL EXCEPTION: main\nF/libc( 1): Fatal signal 11 (SIGSEGV)\n"
        + json.dumps(MARKER)
    )
    for _ in range(500):
        characters = list(text)
        for _ in range(source.randrange(1, 30)):
            characters[source.randrange(len(characters))] = chr(source.randrange(0, 0x2FFF))
        damaged = "".join(characters)[source.randrange(100) : source.randrange(100, len(text))]
        found = exit_info(damaged, 100)
        assert found is None or found.pid == 100
        assert len(crash(damaged).lines) <= 4
        marker(damaged)


def test_numbers():
    assert process_ids("12 345\n") == (12, 345)
    assert process_ids("pidof: no such\n" + "9" * 50) == ()
    assert (signal_name(11), signal_name(50)) == ("SIGSEGV", "signal 50")
