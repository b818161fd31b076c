"""How launches of the app end on the Android-like device, as the user of the command line sees it."""

import pytest
from android_app import built_apk
from with_adb.endings import ENDINGS, Ended


@pytest.fixture
def ended(android, android_server, tmp_path, monkeypatch):
    """ended(name) -> what the user sees of that ending, the serial left out."""
    import subprocess

    built_apk()
    subprocess.run(["adb", "connect", android.serial], check=True, capture_output=True, timeout=30)

    def brought_about(name):
        found = ENDINGS[name](android, tmp_path)
        return Ended(
            exit_code=found.exit_code, status=found.status, reason=found.reason.replace(android.serial, "SERIAL")
        )

    return brought_about


@pytest.mark.parametrize("name", ["success", "half_a_bundle", "old_result", "app_may_not_read", "no_instrumentation"])
def test_another_road_leads_there(ended, name):
    found = ended(name)
    assert found == Ended(exit_code=0, status="ok", reason=""), found.reason


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("native_crash", "the app on SERIAL died of SIGSEGV at first_inference of case c0 on cpu: Fatal signal 11"),
        ("hang", "the app on SERIAL did not answer within 6 s: it was stopped at "),
        ("killed", "the app on SERIAL was ended by SIGKILL at "),
    ],
)  # fmt: skip
def test_a_process_that_ends_is_an_incorrect_row(ended, name, sentence):
    found = ended(name)
    assert (found.exit_code, found.status) == (6, "incorrect")
    assert found.reason.startswith(sentence)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("half_a_result_and_no_other_road", "the app on SERIAL answered, and no whole answer came back (result bundle"),
        ("newer_protocol", "the app on SERIAL refused the job: job.json: version: format 3 is newer than this edgekit"),
        ("full_disk", "SERIAL refused /data/local/tmp/edgekit/"),
    ],
)  # fmt: skip
def test_what_keeps_an_answer_away_is_an_unreachable_row(ended, name, sentence):
    found = ended(name)
    assert (found.exit_code, found.status) == (4, "unreachable")
    assert found.reason.startswith(sentence)


def test_large_pages_are_told_apart_before_the_run(ended):
    assert ended("large_pages") == Ended(
        exit_code=0,
        status="unsupported",
        reason="this device has 16 KB memory pages; the app's TFLite 2.16.1 is built for 4 KB: "
        "its libraries do not load",
    )
