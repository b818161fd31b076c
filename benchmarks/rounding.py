"""int8 after training of EfficientNet-Lite0: nearest rounding beside ours, on crops of photographs that are not judged.

Prints, for each way, the share of crops whose top-1 class is the float file's, and the signal-to-noise ratio in dB.
docs/decisions/0005 quotes it.
"""

import tempfile
from pathlib import Path

import numpy as np
from figures import out_argument, write_result

from edgekit.convert import post_training, quantize
from edgekit.convert.from_torch import to_tflite
from edgekit.datasets.layout import to_channels_last
from edgekit.pipeline.models import Models
from edgekit.pipeline.session import open_session
from edgekit.progress import Silent
from edgekit.runner.batch import run_batch
from edgekit.tflite import read

CALIBRATION, JUDGED = 200, 1000


def main() -> None:
    arguments = out_argument(__doc__).parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        session = open_session("efficientnet-lite0", folder, progress=Silent(), say=lambda text: None)
        model = Models(session).get(())
        content = to_tflite(model.network, model)
        calibration = to_channels_last(session.data.train.take(slice(0, CALIBRATION)).inputs, (0,))[0]
        samples = [(image[None],) for image in calibration]
        ranges, _ = post_training.observed(content, read(content), samples)
        ways = {
            "float": content,
            "nearest": quantize.to_ranged_int8(content, ranges),
            "second moments": post_training.to_static_int8(content, samples),
        }
        crops = to_channels_last(session.data.joined(JUDGED).inputs, (0,))
        outputs = {}
        for name, file in ways.items():
            path = folder / "x.tflite"
            path.write_bytes(file)
            outputs[name] = run_batch(path, crops).floats()[0]
    wanted = outputs.pop("float")
    result = {
        name: {
            "agreement": float(np.mean(wanted.argmax(axis=1) == got.argmax(axis=1))),
            "snr_db": float(10 * np.log10(np.mean(wanted**2) / np.mean((wanted - got) ** 2))),
        }
        for name, got in outputs.items()
    }
    print({"crops": len(wanted), **result})
    write_result(arguments.out, {"crops": len(wanted), **result})


if __name__ == "__main__":
    main()
