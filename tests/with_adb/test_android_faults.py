"""What can be broken on the Android-like device, and that a host sees it where it would on a phone."""

import threading
import time

import pytest
from with_adb.android_device import results, say
from with_adb.processes import until

from edgekit.device import listing
from edgekit.errors import PushFailed


def test_faults_show_where_a_host_looks(android, phone, app):
    android.faults(page_bytes=16384, thermal_status=3, battery_percent=9, battery_decicelsius=451, version_name="0.0.9")
    found = listing.describe(phone)
    assert (found.page_bytes, found.thermal_status, found.battery_percent) == (16384, 3, 9)
    pairs, _ = results(say(phone, "facts").text)
    assert (pairs["thermal"], pairs["battery"], pairs["version"]) == ("3", "9 451", "0.0.9")
    assert "versionName=0.0.9\n" in phone.shell(f"dumpsys package {app}").text
    android.faults(thermal_ready=False)
    assert listing.describe(phone).thermal_status is None
    with pytest.raises(ValueError, match="thermal_statsu=1 is no fault; known are: page_bytes, "):
        android.faults(thermal_statsu=1)


def test_faults_in_the_roads_of_files(android, phone, app):
    phone.shell("echo x > /data/local/tmp/x")
    android.faults(tmp_hidden=True, external=False, run_as="couldn't stat /data/user/0: Permission denied")
    error = results(say(phone, "read", file="/data/local/tmp/x").text)[0]["error"]
    assert error == "java.io.FileNotFoundException: /data/local/tmp/x (Permission denied)"
    assert phone.shell("cat /data/local/tmp/x").stdout == b"x\n"
    assert results(say(phone, "facts").text)[0]["external"] == "null"
    assert phone.shell(f"ls /sdcard/Android/data/{app}").exit_code == 2
    assert phone.shell(f"run-as {app} id").stderr == b"run-as: couldn't stat /data/user/0: Permission denied\n"


def test_a_full_disk(android, phone, app, tmp_path):
    android.faults(disk_full=True)
    error = results(say(phone, "write", file=f"/data/user/0/{app}/files/x", bytes=100_000).text)[0]["error"]
    assert error == "java.io.IOException: No space left on device"
    (tmp_path / "x").write_bytes(bytes(100_000))
    with pytest.raises(PushFailed):
        phone.push(tmp_path / "x", "/data/local/tmp/x")
    android.mend()
    phone.push(tmp_path / "x", "/data/local/tmp/x")


def test_faults_of_am_instrument(android, phone, app):
    android.faults(instrument_lines=4)
    done = say(phone, "status", parts=2, ms=0)
    assert done.text.splitlines()[-1] == "INSTRUMENTATION_STATUS: part=1"
    assert len(done.text.splitlines()) == 4
    android.faults(instrument="java.lang.SecurityException: not allowed to start instrumentation")
    done = say(phone, "facts")
    assert (done.exit_code, done.stdout) == (1, b"")
    assert done.stderr == b"java.lang.SecurityException: not allowed to start instrumentation\n"


def test_a_signal_from_outside(android, phone, app):
    said = []
    thread = threading.Thread(target=lambda: said.append(say(phone, "sleep", ms=60000).text))
    thread.start()
    assert until(lambda: "doing sleep" in " ".join(android.log()))
    time.sleep(0.1)
    assert android.kill(app, 9) is not None
    thread.join(timeout=20)
    assert said == ["INSTRUMENTATION_RESULT: shortMsg=Process crashed.\nINSTRUMENTATION_CODE: 0\n"]
