"""`python -m edgekit.convert.child FOLDER --parent PID`: request.json -> answer.json."""

import contextlib
import importlib
import sys
import traceback
from pathlib import Path

from edgekit.convert.child.protocol import ANSWER, REQUEST, Answer, Refusal, Refused, Request
from edgekit.runner import codec, lifeline

ROADS: dict[str, str] = {
    "onnx": "edgekit.convert.child.from_onnx:convert",
    "keras": "edgekit.convert.child.from_keras:convert",
    "saved-model": "edgekit.convert.child.from_saved_model:convert",
}
"""Road -> function(request, folder) -> Answer."""


def main(folder: Path) -> Answer:
    """The answer, a refusal too; what nobody foresaw is in the log, with its last line as the sentence."""
    request = codec.loads(Request, (folder / REQUEST).read_bytes())
    module, _, function = ROADS[request.road].partition(":")
    try:
        answer: Answer = getattr(importlib.import_module(module), function)(request, folder)
        return answer
    except Refused as refused:
        return Answer(refusal=refused.refusal)
    except ModuleNotFoundError as error:
        traceback.print_exc()
        return Answer(refusal=Refusal(message=str(error), missing=(error.name or "").partition(".")[0]))
    except (Exception, SystemExit) as error:  # converters raise, and exit, as they like
        traceback.print_exc()
        said = " ".join(str(error).split())[:300]
        return Answer(refusal=Refusal(message=f"{type(error).__name__}: {said}"))


if __name__ == "__main__":
    lifeline.end_with(int(sys.argv[3]))
    with contextlib.suppress(OSError):  # Linux: where memory runs out, this process goes and no other
        Path("/proc/self/oom_score_adj").write_text("1000")
    found = main(Path(sys.argv[1]))
    Path(sys.argv[1], ANSWER).write_text(codec.dumps(found), encoding="utf-8")
