"""What `am instrument` prints, whole, cut, mutated and hostile: the parser never fails, and trusts only what fits."""

import base64
import hashlib
import random

import pytest
from unit.targets.phone import instrumented

from edgekit.device.app_instrument import MAX_PARTS, BadParts, Told, assembled, instrument_output, start_problem

CONTENT = bytes(random.Random(1).randbytes(2000))
TEXT = instrumented("job1", CONTENT)
ENDINGS = (0, 1, 127, 255)


def said(text, code=0):
    return instrument_output(text, code)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r\r\n"])
def test_an_answer(end):
    told = said(instrumented("job1", CONTENT, end=end))
    assert assembled(told) == CONTENT
    assert (told.code, told.total, told.impossible, told.broken) == (-1, 7, "", "")
    assert told.result["state"] == "done"


def test_parts_in_any_order_and_twice_with_lines_of_others_between():
    blocks = TEXT.split("INSTRUMENTATION_STATUS_CODE: 1\n")
    *parts, end = blocks
    random.Random(2).shuffle(parts)
    other = "INSTRUMENTATION_STATUS: test=x\nINSTRUMENTATION_STATUS_CODE: 2\nTime: 0.5\n\nOK (1 test)\n"
    text = "INSTRUMENTATION_STATUS_CODE: 1\n".join([*parts, parts[0], other, end])
    assert assembled(said(text)) == CONTENT


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda text: text.replace("part=3\n", "part=4\n"), "part 4 came twice, and differs"),
        (lambda text: text.replace("INSTRUMENTATION_STATUS: part=3\n", ""), "part 3 of 7 is missing"),
        (lambda text: text.replace("part=6\n", "part=7\n"), "part 6 of 7 is missing"),
        (lambda text: text.replace("part=6\n", "part=6000\n"), "more parts than an answer has"),
        (lambda text: text.replace("data=", "data=*", 1), "a part is no base64 text"),
        (lambda text: text.replace("data=", "data=é", 1), "a part is no base64 text"),
        (lambda text: text.replace(text[30:34], "AAAA", 1), "its sha256 is another"),
        (lambda text: text.replace("bytes=2000", "bytes=2001"), "2000 bytes of 2001"),
        (lambda text: text.replace("RESULT: parts=7", "RESULT: parts=6"), "7 parts of 6"),
        (lambda text: text.replace("parts=7", "parts=99999"), "part 7 of 99999 is missing"),
        (lambda text: text.replace("parts=7", "parts=0"), "it held no answer"),
        (lambda text: "", "it held no answer"),
    ],
)
def test_parts_that_do_not_give_the_answer(change, problem):
    with pytest.raises(BadParts) as caught:
        assembled(said(change(TEXT)))
    assert str(caught.value) == problem


def test_random_cuts_and_mutations_never_fail_and_never_give_another_answer():
    """1500 damaged outputs: each gives the content as it was, or a reason."""
    source = random.Random(3)
    lines = TEXT.splitlines(keepends=True)
    whole = 0
    for number in range(1500):
        if number % 3 == 0:
            text = TEXT[: source.randrange(len(TEXT))]
        elif number % 3 == 1:
            characters = list(TEXT)
            for _ in range(source.randrange(1, 5)):
                characters[source.randrange(len(characters))] = chr(source.randrange(1, 300))
            text = "".join(characters)
        else:
            text = "".join(source.sample(lines, source.randrange(len(lines) + 1)))
        told = said(text, source.choice(ENDINGS))
        try:
            content = assembled(told)
        except BadParts:
            continue
        if told.result.get("sha256") == hashlib.sha256(CONTENT).hexdigest():
            assert content == CONTENT
            whole += 1
    assert whole > 0


def test_what_floods_is_bounded():
    part = base64.b64encode(bytes(100_000)).decode()
    flood = "".join(
        f"INSTRUMENTATION_STATUS: part={number}\nINSTRUMENTATION_STATUS: data={part}\nINSTRUMENTATION_STATUS_CODE: 1\n"
        for number in range(400)
    )
    told = said(flood)
    assert told.broken == "more parts than an answer has"
    assert sum(len(text) for text in told.parts.values()) <= 33 << 20
    keys = "".join(f"INSTRUMENTATION_RESULT: key{number}=x\n" for number in range(10_000))
    assert len(said(keys).result) == 100
    assert len(said("INSTRUMENTATION_RESULT: k=v\n" + "line\n" * 100_000).result["k"]) < 11_000
    assert len(said("x" * 100_000 + "\n", 1).impossible) == 300
    assert MAX_PARTS == 1024


def test_values_of_several_lines():
    text = "INSTRUMENTATION_RESULT: longMsg=one\ntwo\r\nINSTRUMENTATION_RESULT: b=c=d\nINSTRUMENTATION_CODE: 0\n"
    assert said(text) == Told(result={"longMsg": "one\ntwo", "b": "c=d"}, code=0)


@pytest.mark.parametrize(
    ("text", "code", "impossible"),
    [
        ("INSTRUMENTATION_FAILED: a/b\n", 1, "a/b"),
        ("/system/bin/sh: am: inaccessible or not found\n", 127, "/system/bin/sh: am: inaccessible or not found"),
        (
            "onError: commandError=true message=INSTRUMENTATION_FAILED: a/b\n",
            1,
            "onError: commandError=true message=INSTRUMENTATION_FAILED: a/b",
        ),
        (
            "java.lang.SecurityException: Permission\x1b[2J Denial\n",
            0,
            "java.lang.SecurityException: Permission[2J Denial",
        ),
        ("", 1, "exit code 1"),
        ("", 0, ""),
        ("WARNING: linker: nothing\n", 0, ""),
        ("INSTRUMENTATION_RESULT: shortMsg=Process crashed.\nINSTRUMENTATION_CODE: 0\n", 1, ""),
        ("INSTRUMENTATION_ABORTED: System has crashed.\n", 1, ""),
    ],
)
def test_what_was_never_started(text, code, impossible):
    assert said(text, code).impossible == impossible


def test_a_system_that_crashed():
    assert said("INSTRUMENTATION_ABORTED: System has crashed.\n").aborted == "System has crashed."


STARTED = "Starting: Intent { cmp=a/.B }\nStatus: ok\nLaunchState: COLD\nActivity: a/.B\nTotalTime: 300\nComplete\n"


@pytest.mark.parametrize(
    ("stdout", "stderr", "code", "problem"),
    [
        (STARTED, "", 0, ""),
        (STARTED.replace("ok", "timeout"), "", 0, ""),
        (STARTED, "Warning: Activity not started, its current task has been brought to the front\n", 0, ""),
        (STARTED.replace("ok", "null"), "", 0, "status null"),
        (
            "Starting: Intent { }\nError type 3\nError: Activity class {a/.B} does not exist.\n",
            "",
            0,
            "Error type 3 Error: Activity class {a/.B} does not exist.",
        ),
        ("", "sh: am: not found\n", 127, "sh: am: not found"),
        ("", "", 5, "exit code 5"),
        ("", "java.lang.SecurityException: Permission Denial\n\tat x\n", 255, None),
    ],
)
def test_the_activitys_start(stdout, stderr, code, problem):
    found = start_problem(stdout, stderr, code)
    assert found == problem if problem is not None else found.startswith("java.lang.SecurityException: Permission")
