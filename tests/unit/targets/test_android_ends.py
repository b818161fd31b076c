"""Every way in which a launch of the app can end without an answer, each with its own sentence."""

import pytest
from unit.targets.launches import BREAKS, DOCTOR, INSTALL, exits, sentence
from unit.targets.phone import refusal, said

from edgekit.errors import AdbTimeout, DeviceError, DeviceGone, ProtocolMismatch, RunnerError
from edgekit.targets import adb_target

CRASHED = (
    "INSTRUMENTATION_RESULT: shortMsg=Process crashed.\nINSTRUMENTATION_RESULT: longMsg=Process crashed.\n"
    "INSTRUMENTATION_CODE: 0\n"
)
SEGV = (
    "--------- beginning of crash\n"
    "11-25 04:42:00.100    77    80 W tflite  : not this line\n"
    "11-25 04:42:00.123    77    80 F libc    : Fatal signal 11 (SIGSEGV), code 1 (SEGV_MAPERR), fault addr 0x0 in tid "
    "80 (runner), pid 77 (runner)\n"
)
JAVA = (
    "11-25 04:42:00.123    77    80 E AndroidRuntime: FATAL EXCEPTION: main\n"
    "11-25 04:42:00.123    77    80 E AndroidRuntime: Process: dev.edgekit.runner, PID: 77\n"
    "11-25 04:42:00.123    77    80 E AndroidRuntime: java.lang.IllegalStateException: no such thing\n"
    "11-25 04:42:00.123    77    80 E AndroidRuntime: \tat dev.edgekit.runner.CaseRunner.run(CaseRunner.java:50)\n"
)


def crashed_with(phone, *, log="", info="", marked=True, text=CRASHED, phase="model_build"):
    def app(job, folder):
        if marked:
            phone.mark(job.id, phase=phase)
        phone.log, phone.exit_info = log, info
        return said(text)

    phone.app = app


def test_a_native_crash(phone, launch):
    crashed_with(phone, log=SEGV, info=exits(5, 11, "crash"))
    message, hint = sentence(RunnerError, launch)
    assert message == (
        "the app on R3CN30 died of SIGSEGV at model_build of case c0 on gpu: Fatal signal 11 (SIGSEGV), code 1 "
        "(SEGV_MAPERR), fault addr 0x0 in tid 80 (runner), pid 77 (runner)"
    )
    assert hint == BREAKS
    assert phone.ran("logcat") == ["logcat -d -b crash,main -t 400 --pid=77"]


def test_a_native_crash_that_only_exit_info_knows(phone, launch):
    crashed_with(phone, info=exits(5, 6, "crash"), phase="first_inference")
    assert sentence(RunnerError, launch) == (
        "the app on R3CN30 died of SIGABRT at first_inference of case c0 on gpu",
        BREAKS,
    )


def test_a_java_crash(phone, launch):
    crashed_with(phone, log=JAVA, info=exits(4, 0, "crash"))
    message, _ = sentence(RunnerError, launch)
    assert message == (
        "the app on R3CN30 crashed at model_build of case c0 on gpu: java.lang.IllegalStateException: no such thing"
    )


@pytest.mark.parametrize(
    ("info", "expected"),
    [
        (exits(2, 9), "the app on R3CN30 was ended by SIGKILL at samples of case c0 on gpu"),
        (exits(3, 0), "the app on R3CN30 was killed for low memory at samples of case c0 on gpu"),
        (
            exits(6, 0, "user request after error: Input dispatching timed out"),
            "the app on R3CN30 ended at samples of case c0 on gpu: it stopped answering (ANR) "
            "(user request after error: Input dispatching timed out)",
        ),
        (exits(99, 0), "the app on R3CN30 ended at samples of case c0 on gpu: reason 99"),
        (
            exits(2, 9, pid=78),
            "the app on R3CN30 ended at samples of case c0 on gpu and left no answer: am says Process crashed.",
        ),
        ("", "the app on R3CN30 ended at samples of case c0 on gpu and left no answer: am says Process crashed."),
    ],
)
def test_other_ends_of_a_process(phone, launch, info, expected):
    crashed_with(phone, info=info, phase="samples")
    assert sentence(RunnerError, launch)[0] == expected


def test_an_end_before_the_job_began(phone, launch):
    crashed_with(phone, marked=False)
    expected = "the app on R3CN30 ended and left neither marker nor answer: am says Process crashed."
    assert sentence(RunnerError, launch) == (expected, DOCTOR)


@pytest.mark.parametrize(
    ("log", "info", "expected"),
    [
        (
            SEGV,
            exits(5, 11),
            "died of SIGSEGV: Fatal signal 11 (SIGSEGV), code 1 (SEGV_MAPERR), fault addr 0x0 in tid 80 (runner), "
            "pid 77 (runner)",
        ),
        (JAVA, exits(4, 0), "crashed: java.lang.IllegalStateException: no such thing"),
        ("", exits(7, 0, "start failure"), "ended: its start failed (start failure)"),
    ],
)
def test_an_end_before_the_job_began_that_android_remembers(phone, launch, log, info, expected):
    phone.faults["date"] = said("2026-11-25 04:42:00.000123456\n")
    crashed_with(phone, log=log, info=info, marked=False)
    message, hint = sentence(RunnerError, launch)
    assert message == f"the app on R3CN30 {expected}"
    assert hint == ("run it again" if not log else DOCTOR)
    assert phone.ran("logcat") == ["logcat -d -b crash,main -t 400 --pid=77"]


@pytest.mark.parametrize("now", ["2026-11-25 04:42:09.000000000", "2026-11-25 04:41:59.999000000", "date: no", ""])
def test_an_end_of_another_launch_is_not_this_ones(phone, launch, now):
    phone.faults["date"] = said(f"{now}\n")
    crashed_with(phone, log=SEGV, info=exits(5, 11), marked=False)
    expected = "the app on R3CN30 ended and left neither marker nor answer: am says Process crashed."
    assert sentence(RunnerError, launch) == (expected, DOCTOR)
    assert phone.ran("logcat") == []


def test_a_hang_is_stopped(phone, launch, monkeypatch):
    monkeypatch.setattr(adb_target, "EXTRA_SECONDS", 0.0)

    def app(job, folder):
        phone.mark(job.id, phase="first_inference")
        phone.alive = (77,)
        return AdbTimeout("R3CN30 did not answer within 30 s", serial="R3CN30")

    phone.app = app
    message, hint = sentence(RunnerError, launch)
    assert message == (
        "the app on R3CN30 did not answer within 30 s: it was stopped at first_inference of case c0 on gpu"
    )
    assert hint == "a smaller plan, or a model that fits the device"
    assert phone.ran("am force-stop") == ["am force-stop dev.edgekit.runner"]


def test_a_device_that_goes_in_the_middle(phone, launch):
    phone.app = lambda job, folder: DeviceGone("R3CN30 vanished during: am", "attach it again", serial="R3CN30")
    assert sentence(DeviceGone, launch) == ("R3CN30 vanished during: am", "attach it again")


def test_a_device_that_hangs_with_the_app_is_no_runners_fault(phone, launch):
    def gone(words):
        raise DeviceGone("R3CN30 vanished during: cat", serial="R3CN30")

    def app(job, folder):
        phone.faults["run-as"] = gone
        return AdbTimeout("x", serial="R3CN30")

    phone.app = app
    assert sentence(DeviceGone, launch)[0] == "R3CN30 vanished during: cat"


@pytest.mark.parametrize(
    ("kind", "error", "hint"),
    [
        ("version", ProtocolMismatch, INSTALL),
        ("job", ProtocolMismatch, INSTALL),
        ("answer", DeviceError, "free space on the device, or ask for fewer samples"),
        ("arguments", DeviceError, DOCTOR),
        ("something new", DeviceError, DOCTOR),
    ],
)
def test_refusals(phone, launch, kind, error, hint):
    phone.app = lambda job, folder: said(refusal(kind, "job.json: format 3", job.id))
    assert sentence(error, launch) == ("the app on R3CN30 refused the job: job.json: format 3", hint)


def test_an_old_marker_is_not_this_launchs(phone, launch):
    def app(job, folder):
        phone.mark("old", "done", "done", "")
        return said()

    phone.app = app
    expected = "the app on R3CN30 ended and left neither marker nor answer"
    assert sentence(RunnerError, launch) == (expected, DOCTOR)
