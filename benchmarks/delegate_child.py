"""What the delegates of Android's own TFLite library say of files, on a computer without a GPU or NNAPI.

delegate_child.py gpu|nnapi AAR FILE...: AAR is the folder of unpacked libraries (android_runner/target/aar;
LD_LIBRARY_PATH must name the shim, and for nnapi a folder with a libneuralnetworks.so that says there are two devices).
A delegate chooses its nodes before it looks for the device behind it, and its log says how many, and why not others.
One line of JSON a file: {"file": ..., "lines": [...]}. MOST_GROUPS: of the GPU delegate; SHIM_SDK: Android's level.
"""

import ctypes
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

POINTER = ctypes.c_void_p


class GpuOptions(ctypes.Structure):
    """TfLiteGpuDelegateOptionsV2 of 2.16.1, with room behind it."""

    _fields_ = (
        *[(name, ctypes.c_int32) for name in ("loss", "preference", "priority1", "priority2", "priority3")],
        ("flags", ctypes.c_int64),
        ("max_delegated_partitions", ctypes.c_int32),
        ("rest", ctypes.c_int64 * 16),
    )


class NnapiOptions(ctypes.Structure):
    """TfLiteNnapiDelegateOptions, with room behind it."""

    _fields_ = (
        ("preference", ctypes.c_int32),
        *[(name, ctypes.c_char_p) for name in ("accelerator", "cache", "token")],
        ("disallow_nnapi_cpu", ctypes.c_int32),
        ("rest", ctypes.c_int64 * 16),
    )


def main() -> None:
    """See above."""
    kind, folder, files = sys.argv[1], Path(sys.argv[2]), sys.argv[3:]
    core = _library(folder / "tensorflow-lite/jni/x86_64/libtensorflowlite_jni.so")
    gpu = _library(folder / "tensorflow-lite-gpu/jni/x86_64/libtensorflowlite_gpu_jni.so")
    for file in files:
        with tempfile.TemporaryFile() as log:
            child = os.fork()  # a file may crash the library
            if child == 0:
                os.dup2(log.fileno(), 2)
                _prepare(core, _gpu(gpu) if kind == "gpu" else _nnapi(core), file)
                os._exit(0)
            os.waitpid(child, 0)
            log.seek(0)
            text = log.read().decode(errors="replace")
        print(json.dumps({"file": file, "lines": text.splitlines()}), flush=True)


def _library(path: Path) -> Any:
    library = ctypes.CDLL(str(path))
    for name in ("ModelCreateFromFile", "InterpreterOptionsCreate", "InterpreterCreate"):
        if hasattr(library, f"TfLite{name}"):
            getattr(library, f"TfLite{name}").restype = POINTER
    return library


def _gpu(library: Any) -> Any:
    library.TfLiteGpuDelegateV2Create.restype = POINTER
    options = GpuOptions(0, 0, 1, 0, 0, 1, int(os.environ.get("MOST_GROUPS", "1")))
    return library.TfLiteGpuDelegateV2Create(ctypes.byref(options))


def _nnapi(library: Any) -> Any:
    library.TfLiteNnapiDelegateOptionsDefault.restype = NnapiOptions
    library.TfLiteNnapiDelegateCreate.restype = POINTER
    options = library.TfLiteNnapiDelegateOptionsDefault()
    options.disallow_nnapi_cpu = 0  # else a real device would be asked
    return library.TfLiteNnapiDelegateCreate(ctypes.byref(options))


def _prepare(core: Any, delegate: Any, file: str) -> None:
    chosen = core.TfLiteInterpreterOptionsCreate()
    core.TfLiteInterpreterOptionsAddDelegate(POINTER(chosen), POINTER(delegate))
    model = core.TfLiteModelCreateFromFile(file.encode())
    if model:
        core.TfLiteInterpreterCreate(POINTER(model), POINTER(chosen))


if __name__ == "__main__":
    main()
