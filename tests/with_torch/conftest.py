"""One small trained network for the whole session: digits, a few epochs."""

import numpy as np
import pytest
import torch

from edgekit import metrics
from edgekit.compress import losses, qat, start, train
from edgekit.compress.context import Context
from edgekit.datasets.digits import digits
from edgekit.datasets.load import guard, open_for_training
from edgekit.progress import Silent
from edgekit.recipe.steps import QatOptions, Step, TrainOptions
from edgekit.zoo.digits_cnn import digits_cnn

torch.set_num_threads(2)


def step(kind, options):
    return Step(name=kind, kind=kind, options=options)


@pytest.fixture(scope="session")
def source():
    return guard(digits())


@pytest.fixture(scope="session")
def context(source):
    return Context(
        data=open_for_training(source),
        loss=losses.cross_entropy(),
        metric=metrics.top1(),
        seed=0,
        progress=Silent(),
    )


def fresh(context, width=8, seed=0):
    torch.manual_seed(seed)
    example = tuple(np.array(array[:1]) for array in context.data.train.inputs)
    return start.start(digits_cnn(width=width), example, input_names=("image",), channels_last=(0,))


@pytest.fixture(scope="session")
def trained(context):
    options = TrainOptions(epochs=12, batch=32, learning_rate=3e-3)
    return train.apply(fresh(context), step("train", options), context)


@pytest.fixture(scope="session")
def trained_int8(trained, context):
    options = QatOptions(training=TrainOptions(epochs=3, batch=32, learning_rate=3e-4))
    return qat.apply(trained, step("qat", options), context)
