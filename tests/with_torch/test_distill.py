"""distill: the loss against its formula, labels left out, students of other widths, teachers of every kind."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from edgekit.compress import distill
from edgekit.compress.losses import cross_entropy
from edgekit.datasets import Split
from edgekit.errors import CompressError, RecipeError
from edgekit.pipeline.models import Models
from edgekit.pipeline.session import open_session
from edgekit.progress import Silent
from edgekit.recipe.load import load
from edgekit.zoo.digits_cnn import digits_cnn

RECIPE = """
seed = 0
[model]
factory = "digits-cnn"
channels_last = [0]
options = { width = 8 }
[data]
source = "digits"
[steps.train]
epochs = 2
[steps.kd]
kind = "distill"
training = { epochs = 2, batch = 32, learning_rate = 1e-3 }
KD
[variants.float32]
steps = ["train"]
precision = "float32"
[variants.student]
steps = STEPS
precision = "float32"
"""


def recipe(folder, kd, steps='["train", "kd"]', name="pupil"):
    file = folder / f"{name}.toml"
    file.write_text(RECIPE.replace("KD", kd).replace("STEPS", steps))
    return file


def models(folder, kd, steps='["train", "kd"]'):
    session = open_session(
        str(recipe(folder, kd, steps)), folder / "workspace", progress=Silent(), say=lambda text: None
    )
    return Models(session)


def test_the_loss_is_the_papers():
    generator = torch.Generator().manual_seed(0)
    student, teacher = (torch.randn(6, 4, generator=generator, requires_grad=True) for _ in range(2))
    labels = np.arange(6) % 4
    packed = torch.from_numpy(distill.pack(split(labels), teacher.detach().numpy(), 4))
    temperature, weight = 3.0, 0.7
    p = functional.softmax(teacher / temperature, dim=1)
    kl = (p * (p.log() - functional.log_softmax(student / temperature, dim=1))).sum(dim=1).mean()
    own = functional.cross_entropy(student[:4], torch.from_numpy(labels[:4]))
    wanted = 0.3 * own + 0.7 * temperature**2 * kl
    got = distill.loss(cross_entropy(), temperature=temperature, weight=weight)((student,), packed)
    assert got.item() == pytest.approx(wanted.item(), rel=1e-5)
    assert distill.loss(cross_entropy(), temperature=1.0, weight=1.0)((teacher,), packed).item() == pytest.approx(
        0, abs=1e-6
    )
    unlabelled = distill.loss(cross_entropy(), temperature=temperature, weight=weight)((student[4:],), packed[4:])
    assert torch.isfinite(unlabelled) and unlabelled.requires_grad


def split(labels):
    return Split(inputs=(np.zeros((len(labels), 1), np.float32),), labels=labels)


@pytest.mark.parametrize(
    ("labels", "logits", "labelled", "sentence"),
    [
        (np.zeros((4, 2)), np.zeros((4, 3)), 0, r"the labels have shape \[4, 2\], float64"),
        (np.arange(4), np.zeros((4, 1)), 0, r"the teacher's output has shape \[4, 1\]"),
        (np.arange(4), np.zeros((3, 3)), 0, r"the teacher's output has shape \[3, 3\]"),
        (np.arange(4), np.zeros((4, 3)), 5, "labelled = 5 is more than the 4 train samples"),
    ],
)
def test_what_cannot_be_taught(labels, logits, labelled, sentence):
    with pytest.raises(CompressError, match=sentence):
        distill.pack(split(labels), logits, labelled)


def test_a_narrow_student_of_the_model_before(tmp_path):
    made = models(tmp_path, "student = { width = 4 }\nlabelled = 100")
    model = made.get(("train", "kd"))
    record = model.history[-1]
    assert (record.parameters_before, record.parameters_after) == (6274, 1702)
    assert record.notes["teacher"] == "before" and record.notes["labelled"] == 100 and record.notes["epochs"] == 2
    assert model.options == {"width": 4}
    assert [module.out_channels for module in model.network if hasattr(module, "out_channels")] == [4, 8, 16]
    again = models(tmp_path, "student = { width = 4 }\nlabelled = 100").get(("train", "kd"))
    x = torch.from_numpy(made.session.data.validation.inputs[0])
    assert torch.equal(again.network(x), model.network(x)), "read back from the workspace with its own width"
    assert again.options == {"width": 4}


def test_the_teachers_outputs_are_computed_once(tmp_path, monkeypatch):
    from edgekit.compress import fit

    calls = []
    plain = fit.outputs_on
    made = models(tmp_path, "student = { width = 4 }")
    made.get(("train",))
    monkeypatch.setattr(fit, "outputs_on", lambda network, part: calls.append(len(part)) or plain(network, part))
    made.get(("train", "kd"))
    train = len(made.session.data.train)
    assert calls.count(train) == 1
    calls.clear()
    other = models(tmp_path, "student = { width = 4 }\ntemperature = 2.0")
    other.get(("train", "kd"))
    assert calls.count(train) == 0, "another temperature, the same teacher: its outputs lie in the workspace"
    kept = list((tmp_path / "workspace" / "stages").glob("teacher-*/logits.npy"))
    assert len(kept) == 1 and np.load(kept[0]).shape == (train, 10)


def test_a_teacher_out_of_another_recipe(tmp_path):
    recipe(tmp_path, "student = { width = 4 }", name="master")
    made = models(tmp_path, 'teacher = { recipe = "master.toml" }', '["kd"]')
    record = made.get(("kd",)).history[-1]
    assert record.notes["teacher"] == "master:float32"
    assert record.parameters_after == record.parameters_before == 6274, "the recipe's own network learnt"
    with pytest.raises(RecipeError, match="recipe master has no variant 'flot32'") as caught:
        models(tmp_path, 'teacher = { recipe = "master.toml", variant = "flot32" }', '["kd"]').get(("kd",))
    assert caught.value.hint == "variants: float32, student"


def test_a_teacher_from_a_checkpoint(tmp_path):
    torch.manual_seed(1)
    torch.save(digits_cnn(width=16).state_dict(), tmp_path / "teacher.pt")
    told = 'teacher = { factory = "digits-cnn", options = { width = WIDTH }, weights = "teacher.pt" }'
    made = models(tmp_path, told.replace("WIDTH", "16"), '["kd"]')
    assert made.get(("kd",)).history[-1].notes["teacher"] == "digits-cnn (teacher.pt)"
    with pytest.raises(RecipeError, match=r"teacher\.pt is no state_dict of digits-cnn: .*size mismatch"):
        models(tmp_path, told.replace("WIDTH", "12"), '["kd"]').get(("kd",))
    before = made.key(("kd",))
    torch.save(digits_cnn(width=16).state_dict(), tmp_path / "teacher.pt")
    assert models(tmp_path, told.replace("WIDTH", "16"), '["kd"]').key(("kd",)) != before, "other weights, another key"
    (tmp_path / "teacher.pt").write_bytes(b"no weights")
    with pytest.raises(RecipeError, match="is no state_dict"):
        models(tmp_path, told.replace("WIDTH", "16"), '["kd"]').get(("kd",))
    (tmp_path / "teacher.pt").unlink()
    with pytest.raises(RecipeError, match=r"teacher\.pt: No such file"):
        models(tmp_path, told.replace("WIDTH", "16"), '["kd"]').key(("kd",))


def test_a_teacher_that_cannot_teach(tmp_path):
    with pytest.raises(RecipeError, match="pupil:student teaches itself"):
        models(tmp_path, 'teacher = { recipe = "pupil.toml", variant = "student" }', '["kd"]').key(("kd",))
    other = recipe(tmp_path, 'teacher = { recipe = "pupil.toml", variant = "student" }', '["kd"]', name="other")
    assert load(other).steps["kd"].options.teacher.recipe == "pupil.toml"
    with pytest.raises(RecipeError, match="pupil:student teaches itself"):
        models(tmp_path, 'teacher = { recipe = "other.toml", variant = "student" }', '["kd"]').key(("kd",))
    with pytest.raises(
        RecipeError, match=r"steps\.kd\.teacher: there is no recipe digits-cnm, did you mean 'digits-cnn'"
    ):
        models(tmp_path, 'teacher = { recipe = "digits-cnm" }', '["kd"]').key(("kd",))
    with pytest.raises(RecipeError, match=r"steps\.kd\.teacher: .*none\.toml is no file"):
        models(tmp_path, 'teacher = { recipe = "none.toml" }', '["kd"]').key(("kd",))


def test_a_teacher_that_goes_on_from_its_own_pupil(tmp_path):
    """The step stands in the middle of the teacher's steps."""
    kd = 'teacher = { recipe = "pupil.toml", variant = "student" }\n[steps.more]\nkind = "train"\nepochs = 1'
    with pytest.raises(RecipeError, match="pupil: step kd teaches itself"):
        models(tmp_path, kd, '["kd", "more"]').key(("kd", "more"))
    recipe(tmp_path, kd.replace("pupil", "first"), '["kd", "more"]', name="second")
    recipe(tmp_path, kd.replace("pupil", "second"), '["kd", "more"]', name="first")
    with pytest.raises(RecipeError, match="step kd teaches itself"):
        models(tmp_path, kd.replace("pupil", "second"), '["kd", "more"]').key(("kd", "more"))


def test_what_does_not_fit_is_said_before_the_training(tmp_path):
    from edgekit.pipeline.models import compress

    def refused(kd, steps='["train", "kd"]'):
        with pytest.raises(RecipeError) as caught:
            compress(models(tmp_path, kd, steps).session, ())
        assert not list((tmp_path / "workspace" / "stages").glob("train-*")), "nothing was trained"
        return str(caught.value)

    assert "steps.kd.student: digits-cnn: got an unexpected keyword argument 'widht'" in refused(
        "student = { widht = 4 }"
    )
    told = 'teacher = { factory = "digits-cn", weights = "t.pt" }'
    assert "steps.kd.teacher.factory: 'digits-cn' is no name edgekit knows, did you mean 'digits-cnn'" in refused(told)
    told = 'teacher = { factory = "digits-cnn", weights = "t.pt" }'
    assert "steps.kd.teacher: " in refused(told) and "t.pt: No such file" in refused(told)


@pytest.mark.filterwarnings("ignore:Initializing zero-element tensors")
def test_a_student_that_does_not_fit(tmp_path):
    def said(kd):
        with pytest.raises(RecipeError) as caught:
            models(tmp_path, kd).get(("train", "kd"))
        return str(caught.value)

    assert "steps.kd.teacher: teacher before knows 10 classes, the student 12" in said("student = { classes = 12 }")
    assert "steps.kd.student: the student does not take this recipe's inputs [1, 8, 8]" in said(
        "student = { width = 0 }"
    )
    assert "steps.kd.labelled: 99999 is more than the 718 train samples" in said(
        "labelled = 99999\nstudent = { width = 4 }"
    )


def test_a_teacher_for_other_inputs_is_not_trained_first(tmp_path):
    flat = RECIPE.replace('factory = "digits-cnn"', 'factory = "own:flat"').replace("channels_last = [0]\n", "")
    flat = (
        flat.replace("options = { width = 8 }\n[data]", "[data]")
        .replace("STEPS", '["train"]')
        .replace("KD", "student = { a = 1 }")
    )
    (tmp_path / "own.py").write_text("from torch import nn\ndef flat():\n    return nn.Linear(7, 10)\n")
    (tmp_path / "flat.toml").write_text(flat)
    with pytest.raises(RecipeError, match=r"teacher flat:float32 does not take this recipe's inputs \[1, 8, 8\]"):
        models(tmp_path, 'teacher = { recipe = "flat.toml" }', '["kd"]').get(("kd",))


def test_a_teacher_that_sees_other_inputs(tmp_path):
    module = "from edgekit.zoo.mobile_cnn import mobile_cnn\n"
    (tmp_path / "own.py").write_text(
        module + "import torch\nfrom torch import nn\ndef flat():\n    return nn.Linear(7, 10)\n"
    )
    torch.save(torch.nn.Linear(7, 10).state_dict(), tmp_path / "flat.pt")
    made = models(tmp_path, 'teacher = { factory = "own:flat", weights = "flat.pt" }', '["kd"]')
    with pytest.raises(
        RecipeError, match=r"teacher own:flat \(flat\.pt\) does not take this recipe's inputs \[1, 8, 8\]"
    ):
        made.get(("kd",))


def test_a_student_can_be_pruned_and_read_back(tmp_path):
    kd = 'student = { width = 16 }\n[steps.less]\nkind = "prune"\nratio = 0.5\nfinetune = { epochs = 1 }'
    steps = ("train", "kd", "less")
    model = models(tmp_path, kd, '["train", "kd", "less"]').get(steps)
    assert [module.out_channels for module in model.network if hasattr(module, "out_channels")] == [8, 16, 32]
    again = models(tmp_path, kd, '["train", "kd", "less"]')
    x = torch.from_numpy(again.session.data.validation.inputs[0])
    assert torch.equal(again.get(steps).network(x), model.network(x))
    assert again.get(steps).options == {"width": 16}
