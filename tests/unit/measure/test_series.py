"""Series: order, resumption, and what becomes of artifacts that fail."""

import dataclasses

import pytest
from fakes import FakeTarget, subject

from edgekit.artifact import Parity
from edgekit.checks import EMULATOR
from edgekit.measure import design
from edgekit.measure.folder import load_complete
from edgekit.measure.series import Judged, measure
from edgekit.progress import Silent
from edgekit.recipe.spec import Plan

PLAN = Plan(launches=5, min_seconds=0.0)
GOOD = Parity(rule="target", passed=True, measure="m", value=0.0, limit=1.0, samples=5)
FACTORS = {"models/a": 2.0, "models/b": 1.0, "models/c": 3.0}


def judge(subject, result, answer):
    assert (answer / result.outputs[0].data.file).stat().st_size == 5 * 12
    return Judged(parity=GOOD, scores=(1.0, 0.0, 1.0, 1.0, 1.0))


def run(folder, target, names="abc", *, judge=judge, plan=PLAN, blocked=""):
    subjects = [subject(folder.parent, name, blocked=blocked if name == "b" else "") for name in names]
    return measure(target, subjects, plan, seed=4, folder=folder, judge=judge, progress=Silent())


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_every_block_launches_every_artifact_once(count):
    order = design.blocks(count, 7, seed=3)
    assert len(order) == 7
    assert all(sorted(block) == list(range(count)) for block in order)
    assert order == design.blocks(count, 7, seed=3)


def test_orders_differ_between_blocks_and_two_artifacts_alternate():
    assert len(set(design.blocks(4, 20, seed=0))) > 10
    assert {design.blocks(4, 20, seed=seed) for seed in range(5)}.__len__() == 5
    pairs = design.blocks(2, 6, seed=1)
    assert all(pairs[k] == pairs[k + 1][::-1] for k in range(5))


def test_a_whole_series(tmp_path):
    target = FakeTarget(FACTORS)
    series = run(tmp_path / "series", target)
    assert series.complete
    assert [item.status for item in series.measurements] == ["ok", "ok", "ok"]
    assert len(target.jobs) == 3 + 15
    assert [job.cases[0].samples.max_runs for job in target.jobs[:3]] == [0, 0, 0]
    a, b, _ = series.measurements
    assert a.latency_ns.value / b.latency_ns.value == pytest.approx(2.0, rel=0.02)
    assert a.latency_ns.low < a.latency_ns.value < a.latency_ns.high
    assert a.invoke_ns.value == pytest.approx(a.latency_ns.value - 100, abs=2)
    assert series.scores["a"] == (1.0, 0.0, 1.0, 1.0, 1.0)
    orders = [[launch.order for launch in item.launches] for item in series.measurements]
    assert [sorted(block) for block in zip(*orders, strict=True)] == [[0, 1, 2]] * 5
    again, age = load_complete(tmp_path / "series")
    assert again == series
    assert 0 <= age < 60


@pytest.mark.parametrize("after", range(0, 18, 3))
def test_a_target_that_vanishes_keeps_what_was_measured_and_the_rest_follows(tmp_path, after):
    broken = run(tmp_path / "series", FakeTarget(FACTORS, gone_after=after))
    assert not broken.complete
    assert "unreachable" in [item.status for item in broken.measurements]
    assert load_complete(tmp_path / "series") is None
    target = FakeTarget(FACTORS)
    series = run(tmp_path / "series", target)
    assert series.complete
    assert len(target.jobs) == 18 - after
    assert [item.status for item in series.measurements] == ["ok", "ok", "ok"]
    resumed = ["resumed after an interruption" in item.cautions for item in series.measurements]
    assert resumed == [after > 0] * 3


def test_another_plan_does_not_continue_a_broken_series(tmp_path):
    run(tmp_path / "series", FakeTarget(FACTORS, gone_after=10))
    target = FakeTarget(FACTORS)
    run(tmp_path / "series", target, plan=dataclasses.replace(PLAN, launches=4))
    assert len(target.jobs) == 3 + 12


def test_wrong_outputs_get_no_latency(tmp_path):
    bad = dataclasses.replace(GOOD, passed=False, reason="cosine 0.2")

    def judge_b(subject, result, answer):
        return Judged(parity=bad if subject.variant == "b" else GOOD, scores=None)

    target = FakeTarget(FACTORS)
    series = run(tmp_path / "series", target, judge=judge_b)
    b = series.measurements[1]
    assert (b.status, b.reason, b.latency_ns, b.launches) == ("incorrect", "cosine 0.2", None, ())
    assert len(target.jobs) == 3 + 10
    assert series.measurements[0].status == "ok"


def test_a_failed_parity_is_never_even_launched(tmp_path):
    target = FakeTarget(FACTORS)
    series = run(tmp_path / "series", target, blocked="parity failed")
    assert (series.measurements[1].status, series.measurements[1].reason) == ("incorrect", "parity failed")
    assert "models/b" not in {job.cases[0].artifact.file for job in target.jobs}


@pytest.mark.parametrize(
    ("said", "row"), [("unsupported", "unsupported"), ("fell back", "fell back"), ("failed", "incorrect")]
)
def test_statuses_of_the_runner_become_rows(tmp_path, said, row):
    series = run(tmp_path / "series", FakeTarget(FACTORS, status={"models/c": said}))
    c = series.measurements[2]
    assert (c.status, c.reason, c.latency_ns) == (row, f"models/c is {said}", None)


def test_a_runner_that_ends_without_an_answer_is_started_once_more(tmp_path):
    target = FakeTarget(FACTORS, crashes=["models/b", "models/c"])
    series = run(tmp_path / "series", target)
    assert series.complete
    assert [item.status for item in series.measurements] == ["ok", "ok", "ok"]
    assert len(target.jobs) == 18 + 2


def test_one_that_ends_twice_is_a_row_and_tried_again_by_the_next_run(tmp_path):
    broken = run(tmp_path / "series", FakeTarget(FACTORS, crashes=["models/b"] * 2))
    assert not broken.complete
    b = broken.measurements[1]
    assert (b.status, b.reason, b.latency_ns) == ("incorrect", "the runner was ended by SIGKILL", None)
    target = FakeTarget(FACTORS)
    series = run(tmp_path / "series", target)
    assert series.complete
    assert [item.status for item in series.measurements] == ["ok", "ok", "ok"]
    assert len(target.jobs) == 1 + 5  # b alone: its check and its launches


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b'{"measurements": 3}'])
def test_a_damaged_summary_is_measured_from_its_launches(tmp_path, content):
    first = run(tmp_path / "series", FakeTarget(FACTORS))
    (tmp_path / "series" / "complete.json").write_bytes(content)
    assert load_complete(tmp_path / "series") is None
    target = FakeTarget(FACTORS)
    again = run(tmp_path / "series", target)
    assert target.jobs == []
    assert [item.latency_ns for item in again.measurements] == [item.latency_ns for item in first.measurements]


@pytest.mark.parametrize("left", ["check-1.run.json", "block-002-0.run.json", "check-2/outputs/c2-0.bin"])
def test_a_damaged_launch_is_launched_anew(tmp_path, left):
    run(tmp_path / "series", FakeTarget(FACTORS))
    (tmp_path / "series" / "complete.json").unlink()
    damaged = tmp_path / "series" / left
    if left.endswith(".json"):
        damaged.write_bytes(damaged.read_bytes()[:50])
    else:
        damaged.unlink()
    target = FakeTarget(FACTORS)
    assert run(tmp_path / "series", target).complete
    assert len(target.jobs) == 1


def test_a_damaged_design_begins_anew(tmp_path):
    run(tmp_path / "series", FakeTarget(FACTORS))
    (tmp_path / "series" / "design.json").write_text("{")
    target = FakeTarget(FACTORS)
    assert run(tmp_path / "series", target).complete
    assert len(target.jobs) == 18


def test_an_emulator_runs_everything_and_gives_no_latency(tmp_path):
    target = FakeTarget(FACTORS, emulator=True)
    series = run(tmp_path / "series", target)
    assert len(target.jobs) == 3 + 15
    for item in series.measurements:
        assert (item.status, item.cautions) == ("ok", (EMULATOR,))
        assert (item.latency_ns, item.invoke_ns, item.phases) == (None, None, None)
        assert (len(item.launches), item.nodes.delegated, item.first_values) == (5, 3, (0.1, 0.7, 0.2))
    assert series.scores["a"] == (1.0, 0.0, 1.0, 1.0, 1.0)
