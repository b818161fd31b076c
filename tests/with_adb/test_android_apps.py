"""Apps on the Android-like device: what `am` prints, how deaths are told apart, whose files are whose."""

import re
import subprocess
import threading

import pytest
from with_adb.android_device import results, say
from with_adb.processes import until

from edgekit.device.adb import quoted


def saying(android, app, **words):
    """A run of the small app's instrumentation by the adb program: its process, whose output comes line by line."""
    pairs = [item for name, value in words.items() for item in ("-e", name, str(value))]
    line = quoted("am", "instrument", "-w", "-r", *pairs, f"{app}/.Say")
    command = ["adb", "-s", android.serial, "shell", "-T", line]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)


def uid_of(phone, app):
    """Packages get theirs in the order of their first installation."""
    return phone.shell(f"run-as {app} id -u").text.strip()


# ---- am instrument


def test_an_instrumentation_sees_the_device(phone, app):
    pairs, code = results(say(phone, "facts").text)
    folder = f"/Android/data/{app}/files"
    assert pairs == {
        "model": "edgekit Android-like device",
        "sdk": "34",
        "abi": "x86_64",
        "uid": uid_of(phone, app),
        "files": f"/data/user/0/{app}/files",
        "external": f"/storage/emulated/0{folder}",
        "thermal": "0",
        "battery": "87 284",
        "version": "0.2",
    }
    assert code == -1


def test_status_lines_come_while_it_runs(android, phone, app):
    with saying(android, app, what="status", parts=2, ms=700) as process:
        first = [process.stdout.readline() for _ in range(3)]
        running = phone.shell(f"pidof {app}").exit_code
        rest = process.stdout.read()
    assert first == [
        "INSTRUMENTATION_STATUS: part=0\n",
        "INSTRUMENTATION_STATUS: parts=2\n",
        "INSTRUMENTATION_STATUS_CODE: 1\n",
    ]
    assert running == 0
    assert rest == (
        "INSTRUMENTATION_STATUS: part=1\nINSTRUMENTATION_STATUS: parts=2\nINSTRUMENTATION_STATUS_CODE: 1\n"
        "INSTRUMENTATION_CODE: -1\n"
    )


def test_an_instrumentation_that_is_not_there(phone, app):
    done = phone.shell(f"am instrument -w -r {app}/.Nothing")
    full = f"{app}/{app}.Nothing"
    assert done.text == (
        f"INSTRUMENTATION_STATUS: Error=Unable to find instrumentation info for: ComponentInfo{{{full}}}\n"
        "INSTRUMENTATION_STATUS: id=ActivityManagerService\nINSTRUMENTATION_STATUS_CODE: -1\n"
        f"onError: commandError=true message=INSTRUMENTATION_FAILED: {full}\n"
    )
    assert done.stderr.startswith(f"android.util.AndroidException: INSTRUMENTATION_FAILED: {full}\n\tat ".encode())
    assert done.exit_code == 1


DEATHS = [
    ({"what": "throw"}, 4, 0, "FATAL EXCEPTION: Instr: dev.edgekit.tiny.Say"),
    ({"what": "signal", "number": "11"}, 5, 11, "Fatal signal 11 (SIGSEGV)"),
    ({"what": "signal", "number": "6"}, 5, 6, "Fatal signal 6 (SIGABRT)"),
    ({"what": "signal", "number": "9"}, 2, 9, None),
    ({"what": "exit"}, 1, 3, None),
]


@pytest.mark.parametrize(("words", "reason", "status", "said"), DEATHS)
def test_a_death_is_told_apart(phone, app, words, reason, status, said):
    done = say(phone, **words)
    assert (done.text, done.exit_code) == (
        "INSTRUMENTATION_RESULT: shortMsg=Process crashed.\nINSTRUMENTATION_CODE: 0\n",
        0,
    )
    last = phone.shell(f"dumpsys activity exit-info {app}").text.partition("ApplicationExitInfo #0:")[2]
    last = last.partition("ApplicationExitInfo")[0]
    assert f" process={app} reason={reason} (" in last
    assert f" status={status}\n" in last
    pid = last.partition(" pid=")[2].split()[0]
    log = phone.shell(f"logcat -d -b crash --pid={pid}").text
    assert (said in log) if said else log == ""


def test_a_caller_that_goes_away_leaves_the_app_alone(android, phone, app):
    with saying(android, app, what="status", parts=40, ms=50) as process:
        process.stdout.readline()
        process.kill()
    assert phone.shell(f"pidof {app}").exit_code == 0
    assert until(lambda: phone.shell(f"pidof {app}").exit_code == 1)
    assert "description=finished inst" in phone.shell(f"dumpsys activity exit-info {app}").text


def test_another_start_or_force_stop_ends_the_one_that_runs(phone, app):
    said = []
    thread = threading.Thread(target=lambda: said.append(say(phone, "sleep", ms=60000).text))
    thread.start()
    assert until(lambda: phone.shell(f"pidof {app}").exit_code == 0)
    phone.shell(f"am force-stop {app}")
    thread.join(timeout=20)
    assert said == ["INSTRUMENTATION_RESULT: shortMsg=Process crashed.\nINSTRUMENTATION_CODE: 0\n"]
    assert (
        "reason=10 (USER REQUESTED) subreason=21 (FORCE STOP)" in phone.shell(f"dumpsys activity exit-info {app}").text
    )


# ---- activities


def test_am_start_waits_for_the_activity(phone, app):
    done = phone.shell(f"am start -W -n {app}/.Front --es word hello --ez flag true")
    lines = done.text.splitlines()
    assert lines[:4] == [
        f"Starting: Intent {{ cmp={app}/.Front (has extras) }}",
        "Status: ok",
        "LaunchState: COLD",
        f"Activity: {app}/.Front",
    ]
    assert [line.partition(":")[0] for line in lines[4:]] == ["TotalTime", "WaitTime", "Complete"]
    assert phone.shell("logcat -d -v raw -s tiny:I").text == "--------- beginning of main\nstarted with hello, true\n"
    assert (
        f"topResumedActivity=ActivityRecord{{0 u0 {app}/.Front t1}}" in phone.shell("dumpsys activity activities").text
    )
    assert "SCREEN_BRIGHT_WAKE_LOCK" in phone.shell("dumpsys power").text
    assert "TOTAL PSS:" in phone.shell(f"dumpsys meminfo {app}").text
    again = phone.shell(f"am start -W -n {app}/.Front").text
    assert "Warning: Activity not started, intent has been delivered to currently running top-most instance.\n" in again


def test_an_instrumentation_brings_an_activity_to_the_front(phone, app):
    said = []
    thread = threading.Thread(target=lambda: said.append(results(say(phone, "front", ms=1500).text)))
    thread.start()
    assert until(lambda: f"{app}/.Front" in phone.shell("dumpsys activity activities").text, seconds=10)
    thread.join(timeout=20)
    assert said == [({"resumed": "true"}, -1)]


def test_an_activity_that_throws(phone, app):
    done = phone.shell(f"am start -W -n {app}/.Front --es word throw")
    assert "Status: timeout\n" in done.text
    assert "java.lang.IllegalStateException: as asked" in phone.shell("logcat -d -b crash").text


def test_only_the_shell_may_start_what_dump_protects(android, phone, app, tiny):
    hidden = phone.shell(f"am start -W -n {app}/.Hidden")
    assert hidden.exit_code == 255
    assert hidden.stderr.startswith(
        b"\nException occurred while executing 'start':\njava.lang.SecurityException: Permission Denial: "
    )
    assert f" not exported from uid {uid_of(phone, app)}\n".encode() in hidden.stderr
    android.install(tiny.make("other", package="dev.edgekit.other", code=False))
    other = phone.shell(f"run-as dev.edgekit.other am start -W -n {app}/.Front")
    assert other.exit_code == 255
    assert re.search(rb"SecurityException: .*, uid=\d+\) requires android\.permission\.DUMP\n", other.stderr)
    assert phone.shell("pm uninstall dev.edgekit.other; pidof dev.edgekit.tiny").exit_code == 1


# ---- permissions


def test_whose_files_are_whose(phone, app):
    assert b"Permission denied" in phone.shell(f"ls /data/data/{app}").stderr
    assert phone.shell(f"run-as {app} pwd").stdout == f"/data/data/{app}\n".encode()
    assert int(uid_of(phone, app)) >= 10123
    assert (
        phone.shell(f"run-as {app} nothing").stderr == b"run-as: exec failed for nothing: No such file or directory\n"
    )
    assert phone.shell("echo from the shell > /data/local/tmp/x").exit_code == 0
    assert results(say(phone, "read", file="/data/local/tmp/x").text)[0]["text"] == "from the shell"
    denied = {"error": "java.io.FileNotFoundException: /data/local/tmp/y (Permission denied)"}
    assert results(say(phone, "write", file="/data/local/tmp/y", bytes=1).text) == (denied, 0)


def test_both_sides_may_use_the_external_folder(phone, app):
    folder = f"/sdcard/Android/data/{app}/files"
    phone.shell(f"mkdir -p {folder}/job && echo job > {folder}/job/x")
    assert results(say(phone, "read", file=f"{folder}/job/x").text)[0]["text"] == "job"
    assert results(say(phone, "write", file=f"{folder}/job/answer", bytes=3).text) == ({}, -1)
    assert phone.shell(f"wc -c < {folder}/job/answer && rm -r {folder}/job").stdout == b"3\n"


def test_an_app_sees_its_own_lines_of_the_log_only(phone, app):
    say(phone, "exit")
    assert b"ActivityManager" in phone.shell("logcat -d").stdout
    own = phone.shell(f"run-as {app} logcat -d -v brief").text
    assert "I/tiny" in own and "ActivityManager" not in own
    phone.shell("logcat -c")
    assert phone.shell("logcat -d").stdout == b""


def test_run_as_is_refused_for_what_cannot_be_debugged(android, phone, app, tiny):
    android.install(tiny.make("release", version=9, debuggable=False))
    assert phone.shell(f"run-as {app} id").stderr == f"run-as: package not debuggable: {app}\n".encode()
    assert phone.shell(f"pm uninstall {app}").exit_code == 0
