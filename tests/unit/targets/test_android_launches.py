"""How a launch starts, which roads lead to the app, and by which ways its answer comes back."""

import pytest
from unit.targets.launches import DOCTOR, INSTALL, JOB, MODEL, exits, sentence
from unit.targets.phone import EXTERNAL, instrumented, refusal, said, zipped

from edgekit.device.app_apk import APP
from edgekit.errors import DeviceError, ProtocolMismatch, ResultError, RunnerError
from edgekit.targets import adb_target
from edgekit.targets.android_app import EXTERNAL_JOB
from edgekit.targets.android_launch import read_marker


def test_an_answer(phone, launch, tmp_path):
    run = launch()
    assert (run.job, run.cases[0].status) == ("job1", "ok")
    assert (tmp_path / "answer" / "outputs" / "c0-0.bin").read_bytes() == b"c0c0"
    assert phone.files["/data/local/tmp/edgekit/job/models/m.tflite"] == MODEL
    assert phone.ran("am instrument") == [
        "am instrument -w -r -e job /data/local/tmp/edgekit/job -e id job1 dev.edgekit.runner/.RunInstrumentation"
    ]
    assert not phone.ran("cat") or not [name for name in phone.ran("cat") if "answers" in name]
    assert not [name for name in phone.files if "/answers/" in name], "answers are removed from the device"


def test_the_second_road_is_remembered(phone, launch):
    folders = []

    def app(job, folder):
        folders.append(folder)
        if folder.startswith("/data/local/tmp"):
            return said(refusal("files", "the app cannot read job.json: Permission denied", job.id))
        return phone.answer(job, folder)

    phone.app = app
    launch()
    launch()
    assert folders == ["/data/local/tmp/edgekit/job", EXTERNAL_JOB, EXTERNAL_JOB]
    assert phone.files[f"{EXTERNAL_JOB}/models/m.tflite"] == MODEL


def test_no_road_leads_to_the_app(phone, launch):
    phone.app = lambda job, folder: said(refusal("files", f"the app cannot read {folder}", job.id))
    expected = f"the app on R3CN30 refused the job: the app cannot read {EXTERNAL_JOB}"
    assert sentence(DeviceError, launch) == (expected, DOCTOR)


def without_bundle(phone, **told):
    """The app writes its answer, and am prints none of it."""

    def app(job, folder):
        content = zipped(job)
        phone.leave(job, content)
        told_all = {"parts": 0} | told
        text = instrumented(job.id, content, told=told_all)
        return said(text[text.index("INSTRUMENTATION_RESULT") :])

    phone.app = app


def test_an_answer_too_large_for_the_bundle_comes_by_run_as(phone, launch):
    without_bundle(phone)
    assert launch().cases[0].status == "ok"
    assert phone.ran("run-as dev.edgekit.runner cat files/answers/job1.zip")


@pytest.mark.parametrize(
    "refusing",
    [
        said(err="run-as: package not debuggable: dev.edgekit.runner\n", code=1),
        said("run-as: Package 'dev.edgekit.runner' is unknown\n"),
        said(),
    ],
    ids=["refused", "refused with code 0", "silent"],
)
def test_without_run_as_shared_storage(phone, launch, refusing):
    without_bundle(phone)
    phone.faults["run-as"] = refusing
    assert launch().cases[0].status == "ok"


def test_no_whole_answer_by_any_way(phone, launch):
    without_bundle(phone, sha256="0" * 64)
    phone.faults[f"run-as {APP} cat files/answers"] = said(err="run-as: not debuggable", code=1)
    message, hint = sentence(ResultError, launch)
    assert message == (
        "the app on R3CN30 answered, and no whole answer came back (result bundle: it held no answer; "
        "run-as: not debuggable; shared storage: its sha256 is another)"
    )
    assert hint == DOCTOR


def test_half_an_answer_everywhere(phone, launch):
    def app(job, folder):
        content = zipped(job)
        phone.leave(job, content[:-50])
        text = instrumented(job.id, content)
        return said(text.replace("INSTRUMENTATION_STATUS: part=1\n", ""))

    phone.app = app
    message, _ = sentence(ResultError, launch)
    size = len(zipped(JOB))
    half = f"{size - 50} bytes of {size}"
    assert message == (
        "the app on R3CN30 answered, and no whole answer came back (result bundle: part 1 of "
        f"{-(-size // 300)} is missing; run-as: {half}; shared storage: {half})"
    )


def test_a_bundle_that_was_cut_is_waited_for_and_fetched(phone, launch):
    """adb's output ends in the middle of a line; the app goes on, and its marker says when it is done."""

    def app(job, folder):
        content = zipped(job)
        phone.mark(job.id, phase="answer")
        phone.alive = (77,)
        looks = []

        def look(words):
            looks.append(1)
            if len(looks) == 3:
                phone.leave(job, content)
            return said("77\n")

        phone.faults["pidof"] = look
        text = instrumented(job.id, content)
        return said(text[: text.index("sha256=") + 20])

    phone.app = app
    assert launch().cases[0].status == "ok"


@pytest.mark.parametrize(("lines", "which"), [(1, "part 0 of 1"), (3, "part 0 of 2"), (4, "part 1 of 2")])
def test_a_bundle_that_was_cut_and_no_other_way(phone, launch, lines, which):
    """Neither marker nor answer can be read; that some of an answer came is seen all the same."""
    phone.faults["run-as"] = said(err="run-as: couldn't stat /data/user/0: Permission denied\n", code=1)
    phone.faults["cat /sdcard"] = said(err="No such file", code=1)

    def app(job, folder):
        text = instrumented(job.id, zipped(job), piece=2000)
        return said("".join(text.splitlines(keepends=True)[:lines]))

    phone.app = app
    message, hint = sentence(ResultError, launch)
    assert message == (
        f"the app on R3CN30 answered, and no whole answer came back (result bundle: {which} is missing; run-as: "
        f"couldn't stat /data/user/0: Permission denied; shared storage: {EXTERNAL}/answers/job1.zip cannot be pulled "
        "from R3CN30: No such file)"
    )
    assert hint == DOCTOR


def test_an_old_result_lying_there(phone, launch):
    def app(job, folder):
        phone.mark("old", "done", "done", "")
        return said(instrumented("old", zipped(job)))

    phone.app = app
    assert sentence(ResultError, launch)[0] == "the app on R3CN30 answered job 'old', asked was 'job1'"


def test_the_answer_of_another_job_in_the_zip(phone, launch):
    def app(job, folder):
        content = zipped(job, change=lambda text: text.replace('"job1"', '"job0"'))
        return said(instrumented(job.id, content))

    phone.app = app
    assert sentence(ResultError, launch)[0] == "the runner answered job 'job0', asked was 'job1'"


def test_a_newer_protocol(phone, launch):
    from edgekit.runner.protocol import VERSION

    def app(job, folder):
        newer = lambda text: text.replace(f'"version": {VERSION}', f'"version": {VERSION + 1}')  # noqa: E731
        return said(instrumented(job.id, zipped(job, change=newer)))

    phone.app = app
    message, hint = sentence(ProtocolMismatch, launch)
    assert message == (
        f"the runner's answer: version: format {VERSION + 1} is newer than this edgekit reads (up to {VERSION})"
    )
    assert hint == INSTALL


def test_another_app(phone, launch):
    phone.app = lambda job, folder: said(instrumented(job.id, zipped(job, runner_version="0.0.9")))
    message, hint = sentence(ProtocolMismatch, launch)
    assert (message, hint) == ("the app that answered on R3CN30 is of edgekit 0.0.9, this is 0.1.0", INSTALL)


IMPOSSIBLE = [
    said(err="/system/bin/sh: am: inaccessible or not found\n", code=127),
    said("INSTRUMENTATION_FAILED: dev.edgekit.runner/dev.edgekit.runner.RunInstrumentation\n", code=1),
    said(
        "INSTRUMENTATION_STATUS: Error=Unable to find instrumentation info for: ComponentInfo{dev.edgekit.runner}\n"
        "INSTRUMENTATION_STATUS: id=ActivityManagerService\nINSTRUMENTATION_STATUS_CODE: -1\n",
        "android.util.AndroidException: INSTRUMENTATION_FAILED: dev.edgekit.runner\n\tat com.android.commands.am\n",
        1,
    ),
    said(err="java.lang.SecurityException: Permission Denial: startInstrumentation asks to run as user 0\n", code=255),
    said(err="Error: unknown command 'instrument'\n", code=1),
]


@pytest.mark.parametrize("impossible", IMPOSSIBLE, ids=range(len(IMPOSSIBLE)))
def test_without_am_instrument_the_activity_does_it(phone, launch, impossible):
    phone.faults["am instrument"] = impossible

    def app(job, folder):
        phone.mark(job.id, phase="start", case="")
        phone.alive = (77,)
        looks = []

        def look(words):
            looks.append(1)
            if len(looks) == 2:
                phone.leave(job, zipped(job))
            return said("77\n")

        phone.faults["pidof"] = look
        return said()

    phone.app = app
    assert launch().cases[0].status == "ok"
    assert phone.ran("am start") == [
        "am start -W -S -n dev.edgekit.runner/.RunActivity --es job /data/local/tmp/edgekit/job --es id job1"
    ]


def test_neither_way_starts_the_app(phone, launch):
    phone.faults["am instrument"] = IMPOSSIBLE[0]
    phone.faults["am start"] = said(
        "Starting: Intent { }\nError type 3\nError: Activity class {dev.edgekit.runner/.RunActivity} does not exist.\n"
    )
    message, hint = sentence(DeviceError, launch)
    assert message == (
        "the app cannot be started on R3CN30: am instrument: /system/bin/sh: am: inaccessible or not found; am start: "
        "Error type 3 Error: Activity class {dev.edgekit.runner/.RunActivity} does not exist."
    )
    assert hint == DOCTOR


def test_an_activity_that_refuses_dies_or_hangs(phone, launch, monkeypatch):
    phone.faults["am instrument"] = IMPOSSIBLE[0]
    phone.app = lambda job, folder: phone.mark(job.id, "refused", "version", "", sentence="format 3") or said()
    assert sentence(ProtocolMismatch, launch)[0] == "the app on R3CN30 refused the job: format 3"
    phone.app = lambda job, folder: phone.mark(job.id) or said()
    phone.exit_info = exits(5, 11)
    assert sentence(RunnerError, launch)[0] == "the app on R3CN30 died of SIGSEGV at model_build of case c0 on gpu"
    monkeypatch.setattr(adb_target, "EXTRA_SECONDS", -29.9)
    phone.alive = (77,)
    assert sentence(RunnerError, launch)[0].startswith("the app on R3CN30 did not answer within 0.1")
    assert phone.alive == ()


def test_the_marker_on_shared_storage_is_read_where_run_as_is_refused(phone):
    phone.mark("job1", phase="samples")
    phone.faults["run-as"] = said("run-as: Could not set capabilities: Operation not permitted\n", code=1)
    assert read_marker(phone).phase == "samples"
    phone.files[f"{EXTERNAL}/marker.json"] = b'{"id": "job1"'
    assert read_marker(phone) is None
