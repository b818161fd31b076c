"""A phone as far as edgekit's host side sees one: an Adb whose shell is a table of functions, with an app that answers.

`phone.app(job, folder)` says how a launch goes and may be replaced; `faults` maps a command's first words to what
happens instead. Every command line is kept in `commands`.
"""

import base64
import dataclasses
import hashlib
import io
import json
import shlex
import struct
import zipfile

from fakes import ENVIRONMENT

from edgekit import __version__
from edgekit.device.adb import ShellResult
from edgekit.device.app_apk import APP
from edgekit.errors import DeviceError
from edgekit.runner import protocol
from edgekit.runner.protocol import CaseResult, FileRef, OutputData, Run, Samples, Threads

EXTERNAL = f"/sdcard/Android/data/{APP}/files"
BASE = f"/data/app/~~x==/{APP}-y==/base.apk"
PROPERTIES = {
    "ro.product.manufacturer": "Google",
    "ro.product.model": "Pixel 8",
    "ro.build.version.release": "15",
    "ro.build.version.sdk": "35",
    "ro.soc.model": "Tensor G3",
    "ro.product.cpu.abilist": "arm64-v8a,armeabi-v7a",
}


EXIT_INFO = """  package: dev.edgekit.runner
        ApplicationExitInfo #0:
          timestamp=2026-11-25 04:42:00.000 pid=77 realUid=10123
          process=dev.edgekit.runner reason=10 (USER REQUESTED) subreason=21 (FORCE STOP) status=0
"""


def said(out="", err="", code=0):
    return ShellResult(stdout=out if isinstance(out, bytes) else out.encode(), stderr=err.encode(), exit_code=code)


def apk_file(path, *, version=__version__, abis=("arm64-v8a", "armeabi-v7a", "x86_64"), alignment=4096, app=APP):
    """An APK as far as the host reads one: a compiled manifest, and libraries that are ELF headers."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("AndroidManifest.xml", manifest(package=app, versionName=version))
        for abi in abis:
            archive.writestr(f"lib/{abi}/libtensorflowlite_jni.so", elf(alignment, wide="64" in abi))
    return path


def manifest(**attributes):
    """A compiled AndroidManifest.xml whose root has these texts as attributes."""
    texts = ["manifest", *attributes, *attributes.values()]
    body, offsets = bytearray(), []
    for text in texts:
        offsets.append(len(body))
        body += struct.pack("<H", len(text)) + text.encode("utf-16-le") + b"\0\0"
    body += bytes(-len(body) % 4)
    start = 28 + 4 * len(texts)
    pool = struct.pack("<HHIIIIII", 1, 28, start + len(body), len(texts), 0, 0, start, 0)
    pool += struct.pack(f"<{len(texts)}I", *offsets) + body
    size, count = 36 + 20 * len(attributes), len(attributes)
    element = struct.pack("<HHIII", 0x0102, 16, size, 1, 0xFFFFFFFF)
    element += struct.pack("<IIHHHHHH", 0xFFFFFFFF, 0, 20, 20, count, 0, 0, 0)
    for index in range(count):
        value = 1 + count + index
        element += struct.pack("<IIIHBBI", 0xFFFFFFFF, 1 + index, value, 8, 0, 3, value)
    return struct.pack("<HHI", 3, 8, 8 + len(pool) + len(element)) + pool + element


def elf(alignment, *, wide=True):
    """The headers of a library with one loaded part."""
    if wide:
        head = b"\x7fELF\x02" + bytes(27) + struct.pack("<QQIHHHHHH", 64, 0, 0, 64, 56, 1, 0, 0, 0)
        return head + struct.pack("<IIQQQQQQ", 1, 5, 0, 0, 0, 0, 0, alignment)
    head = b"\x7fELF\x01" + bytes(23) + struct.pack("<IIIHHHHHH", 52, 0, 0, 52, 32, 1, 0, 0, 0)
    return head + struct.pack("<IIIIIIII", 1, 0, 0, 0, 0, 0, 5, alignment) + bytes(16)


class Phone:
    """Its app answers every case with two outputs' worth of its id, unless `app` is replaced."""

    serial = "R3CN30"

    def __init__(self, apk=None, **properties):
        self.files = {}
        self.properties = PROPERTIES | properties
        self.settings = {"stay_on_while_plugged_in": "0"}
        self.page_bytes = "4096"
        self.alive = ()
        self.commands, self.faults, self.timeouts = [], {}, {}
        self.closed = 0
        self.version = None
        self.exit_info = self.log = ""
        self.app = self.answer
        if apk is not None:
            self.files[BASE], self.version = apk.read_bytes(), __version__

    # ---- adb

    def shell(self, command, *, seconds=60.0):
        self.commands.append(command)
        words = shlex.split(command)
        for key, fault in self.faults.items():
            if command.startswith(key):
                result = fault(words) if callable(fault) else fault
                if isinstance(result, BaseException):
                    raise result
                return result
        found = getattr(self, "do_" + words[0].replace("-", "_"), None)
        return found(words) if found else said(err=f"{words[0]}: inaccessible or not found\n", code=127)

    def push(self, local, remote, moved=None):
        self.files[remote] = local.read_bytes()

    def pull(self, remote, local, moved=None):
        if remote not in self.files:
            raise DeviceError(f"{remote} cannot be pulled from {self.serial}: No such file", serial=self.serial)
        local.write_bytes(self.files[remote])

    def close(self):
        self.closed += 1

    def ran(self, start):
        return [command for command in self.commands if command.startswith(start)]

    # ---- programs

    def do_getprop(self, words):
        return said("".join(f"[{name}]: [{value}]\r\n" for name, value in self.properties.items()))

    def do_getconf(self, words):
        return said(self.page_bytes + "\n")

    def do_sha256sum(self, words):
        content = self.files.get(words[1])
        if content is None:
            return said(err="No such file", code=1)
        return said(f"{hashlib.sha256(content).hexdigest()}  {words[1]}\n")

    def do_mkdir(self, words):
        return said()

    do_chmod = do_input = do_wm = do_mkdir

    def do_echo(self, words):
        return said(" ".join(words[1:]) + "\n")

    def do_command(self, words):
        known = hasattr(self, "do_" + words[2].replace("-", "_"))
        return said(f"/system/bin/{words[2]}\n") if known else said(code=1)

    do_cmd = do_input

    def do_ls(self, words):
        return said("policy0\npolicy4\n")

    def do_du(self, words):
        return said("12\t" + words[-1] + "\n")

    def do_mv(self, words):
        self.files[words[2]] = self.files.pop(words[1])
        return said()

    def do_rm(self, words):
        for name in [name for name in self.files for word in words[1:] if name == word or name.startswith(word + "/")]:
            del self.files[name]
        return said()

    def do_cat(self, words):
        content = self.files.get(words[1])
        return said(err=f"cat: {words[1]}: No such file or directory\n", code=1) if content is None else said(content)

    def do_run_as(self, words):
        assert words[1] == APP
        return self.shell(shlex.join([*words[2:-1], f"/data/data/{APP}/{words[-1]}"]))

    def do_pidof(self, words):
        return said(" ".join(map(str, self.alive)) + "\n", code=0 if self.alive else 1)

    def do_pm(self, words):
        if words[1] == "path":
            return said(f"package:{BASE}\n") if BASE in self.files else said(code=1)
        assert words[1:5] == ["install", "-r", "-t", "-d"]
        self.files[BASE], self.version = self.files[words[5]], __version__
        return said("Success\n")

    def do_dumpsys(self, words):
        if words[1] == "package":
            return said(f"    versionCode=1 minSdk=26 targetSdk=34\n    versionName={self.version}\n")
        if words[1:3] == ["activity", "exit-info"]:
            return said(self.exit_info)
        return said(err=f"Can't find service: {words[1]}\n")

    def do_logcat(self, words):
        return said(self.log)

    def do_settings(self, words):
        if words[1] == "get":
            return said(self.settings.get(words[3], "null") + "\n")
        if words[1] == "put":
            self.settings[words[3]] = words[4]
        else:
            self.settings.pop(words[3], None)
        return said()

    def do_svc(self, words):
        assert words == ["svc", "power", "stayon", "true"]
        self.settings["stay_on_while_plugged_in"] = "7"
        return said()

    def do_am(self, words):
        if words[1] == "force-stop":
            self.alive = ()
            return said()
        at = "-e" if words[1] == "instrument" else "--es"
        pairs = {words[n + 1]: words[n + 2] for n, word in enumerate(words) if word == at}
        if pairs.get("task") == "probe":
            result = self.probe(pairs["id"], pairs["job"])
        else:
            job = protocol.load_job(self.files[f"{pairs['job']}/job.json"])
            assert job.id == pairs["id"]
            result = self.app(job, pairs["job"])
        if isinstance(result, BaseException):
            raise result
        if words[1] == "instrument":
            return result
        return said(f"Starting: Intent {{ cmp={APP}/.RunActivity }}\nStatus: ok\nLaunchState: COLD\nComplete\n")

    # ---- the app

    def mark(self, job_id, state="running", phase="model_build", case="c0", pid=77, sentence="", external=True):
        text = json.dumps(
            {"id": job_id, "pid": pid, "state": state, "case": case, "phase": phase, "sentence": sentence}
        )
        self.files[f"/data/data/{APP}/files/marker.json"] = text.encode()
        if external:
            self.files[f"{EXTERNAL}/marker.json"] = text.encode()

    def leave(self, job, content, *, mark=True):
        """What the app writes down."""
        for folder in (f"/data/data/{APP}/files", EXTERNAL):
            self.files[f"{folder}/answers/{job.id}.zip"] = content
        if mark:
            self.mark(job.id, "done", "done", "")

    def probe(self, job_id, folder):
        """Task probe, as far as the self-test reads it."""
        content = self.files.get(f"{folder}/probe.bin")
        found = {"path": folder, "readable": content is not None, "reason": "" if content else "Permission denied"}
        found["sha256"] = hashlib.sha256(content).hexdigest() if content else None
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("probe.json", json.dumps({"schema": "edgekit.probe", "folder": found}))
        for place in (f"/data/data/{APP}/files", EXTERNAL):
            self.files[f"{place}/answers/{job_id}.zip"] = buffer.getvalue()
        self.mark(job_id, "done", "done", "")
        self.log = "11-25 04:42:00.123  77  80 I edgekit: probed\n"
        self.exit_info = EXIT_INFO
        return said(instrumented(job_id, buffer.getvalue()))

    def answer(self, job, folder):
        content = zipped(job)
        self.leave(job, content)
        return said(instrumented(job.id, content))


def run_of(job, **environment):
    """A run of ok cases, and its files."""
    files, cases = {}, []
    for case in job.cases:
        content = case.id.encode() * 2
        name = f"outputs/{case.id}-0.bin"
        files[name] = content
        data = FileRef(file=name, sha256=hashlib.sha256(content).hexdigest(), size_bytes=len(content))
        output = OutputData(name="out", data=data, dtype="uint8", shape=(len(content),), count=1)
        samples = Samples(latency_ns=(1000,) * 64, invoke_ns=(900,) * 64)
        cases.append(CaseResult(id=case.id, status="ok", threads=Threads(asked=1), samples=samples, outputs=(output,)))
    where = dataclasses.replace(
        ENVIRONMENT, **({"runner": "android", "runner_version": __version__, "context": "app"} | environment)
    )
    return Run(job=job.id, environment=where, cases=tuple(cases)), files


def zipped(job, *, change=None, files=None, **environment):
    """The answer's zip. `change`: run.json's text -> another; `files`: more, or other, entries (None: left out)."""
    run, outputs = run_of(job, **environment)
    text = protocol.dump_run(run)
    entries = {"run.json": (change(text) if change else text).encode()} | outputs | (files or {})
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in entries.items():
            if content is not None:
                archive.writestr(name, content)
    return buffer.getvalue()


def instrumented(job_id, content, *, piece=300, end="\n", told=None):
    """What am instrument -r prints of an answer."""
    pieces = [content[at : at + piece] for at in range(0, len(content), piece)]
    lines = []
    for number, part in enumerate(pieces):
        lines += [f"INSTRUMENTATION_STATUS: data={base64.b64encode(part).decode()}"]
        lines += [f"INSTRUMENTATION_STATUS: part={number}", f"INSTRUMENTATION_STATUS: parts={len(pieces)}"]
        lines += ["INSTRUMENTATION_STATUS_CODE: 1"]
    result = {
        "bytes": len(content),
        "id": job_id,
        "parts": len(pieces),
        "sha256": hashlib.sha256(content).hexdigest(),
        "state": "done",
    } | (told or {})
    lines += [f"INSTRUMENTATION_RESULT: {key}={value}" for key, value in result.items()]
    return end.join([*lines, "INSTRUMENTATION_CODE: -1", ""])


def refusal(kind, sentence, job_id):
    """What am instrument -r prints of a refused job."""
    told = {"id": job_id, "kind": kind, "sentence": sentence, "state": "refused"}
    lines = [f"INSTRUMENTATION_RESULT: {key}={value}" for key, value in told.items()]
    return "\n".join([*lines, "INSTRUMENTATION_CODE: 0", ""])
