"""What a hostile device prints, and what the adb program makes of it."""

import contextlib
import random
import subprocess
from collections.abc import Callable, Iterator

from fuzzing.drive import Parser
from fuzzing.mutate import mutated

from edgekit.device import adb_program, app_ends, app_install, app_instrument, listing, parse

PROPERTIES = (
    b"[ro.product.manufacturer]: [Google]\r\n[ro.product.model]: [Pixel 8]\r\n[ro.build.version.release]: [15]\r\n"
    b"[ro.build.version.sdk]: [35]\r\n[ro.product.cpu.abilist]: [arm64-v8a,armeabi-v7a]\r\n[ro.hardware]: [ranchu]\r\n"
)
DEVICES = (
    b"* daemon started successfully\nList of devices attached\nR3CN30  device usb:1-1 model:Pixel_8 transport_id:1\n"
    b"10.0.0.7:5555\tunauthorized transport_id:2\r\nx  no permissions (udev); see [http://x]\n\n"
)
BATTERY = b"Current Battery Service state:\n  AC powered: false\n  level: 87\n  temperature: 251\n"
THERMAL = b"IsStatusOverride: false\nThermal Status: 2\nHAL Ready: true\n"
LOG = (
    b"--------- beginning of crash\n11-25 04:42:00.1    77    80 F libc    : Fatal signal 11 (SIGSEGV), code 1\n"
    b"11-25 04:42:00.1    77    80 E AndroidRuntime: FATAL EXCEPTION: main\n"
    b"11-25 04:42:00.1    77    80 E AndroidRuntime: java.lang.IllegalStateException: no such thing\n"
)
EXITS = (
    b"  package: dev.edgekit.runner\n        ApplicationExitInfo #0:\n          timestamp=x pid=77 realUid=10123\n"
    b"          process=dev.edgekit.runner reason=5 (NATIVE) status=11\n    description=null state=empty trace=x\n"
)
INSTRUMENT = (
    b"INSTRUMENTATION_STATUS: data=UEsDBA==\nINSTRUMENTATION_STATUS: part=0\nINSTRUMENTATION_STATUS: parts=1\n"
    b"INSTRUMENTATION_STATUS_CODE: 1\nINSTRUMENTATION_RESULT: bytes=4\nINSTRUMENTATION_RESULT: state=done\n"
    b"INSTRUMENTATION_RESULT: longMsg=two\nlines\nINSTRUMENTATION_CODE: -1\n"
)
START = b"Starting: Intent { cmp=dev.edgekit.runner/.RunActivity }\nError type 3\nStatus: ok\nLaunchState: COLD\n"
MARKER = b'{"id": "1", "pid": 77, "state": "running", "case": "c0", "phase": "model_build", "sentence": ""}'
PACKAGE = b"package:/data/app/~~x==/dev.edgekit.runner-y==/base.apk\n    versionName=0.1.0 \n    versionCode=1\n"
TEXTS = [
    PACKAGE,
    PROPERTIES,
    DEVICES,
    BATTERY,
    THERMAL,
    LOG,
    EXITS,
    INSTRUMENT,
    START,
    MARKER,
    b"0-3,5",
    b"4096\n",
    b"77 78\n",
]
PIECES = (
    "[",
    "]",
    "]: [",
    " ",
    "\n",
    "\r\n",
    "\t",
    "a",
    "E ",
    "E  : ",
    ":",
    "level:",
    "Error",
    "=",
    "#0:",
    "pid=",
    "9",
)


def text_parser() -> Parser:
    """The pure parsers of what a device prints."""

    def told(text: str) -> None:
        found = app_instrument.instrument_output(text)
        with contextlib.suppress(app_instrument.BadParts):
            app_instrument.assembled(found)

    whole: tuple[Callable[[str], object], ...] = (
        *(parse.devices_output, parse.getprop_output, parse.thermal_status, parse.battery, parse.page_bytes),
        *(
            parse.cpu_count,
            parse.whole_number,
            app_install.package_path,
            app_install.version_name,
            app_ends.marker,
            app_ends.crash,
            app_ends.process_ids,
        ),
        *(told, lambda text: app_ends.exit_info(text, 77), lambda text: app_instrument.start_problem(text, text, 0)),
    )

    def make(chance: random.Random) -> bytes:
        if chance.random() < 0.2:  # long, and of few different pieces: what patterns try again and again
            piece = "".join(chance.choices(PIECES, k=chance.choice((1, 1, 2, 4))))
            return (piece * (chance.choice((100, 5000, 60_000)) // len(piece))).encode()
        return mutated(chance, TEXTS)

    def take(content: bytes) -> bool:
        text = content.decode(errors="replace")
        return any([bool(function(text)) for function in whole])

    return Parser(name="adb client: text", make=make, take=take)


def program_parser() -> Parser:
    """`edgekit devices` where the adb program prints anything at all."""

    def make(chance: random.Random) -> bytes:
        return mutated(chance, [DEVICES + b"\x1e" + PROPERTIES + b"\x1e" + BATTERY + b"\x1e4096\n\x1e" + THERMAL])

    def take(content: bytes) -> bool:
        parts = content.split(b"\x1e")

        def run(arguments: list[str], seconds: float, serial: str = "") -> "subprocess.CompletedProcess[bytes]":
            said = parts.pop(0) if len(parts) > 1 else parts[0]
            return subprocess.CompletedProcess(arguments, len(said) % 7 == 0, said, said[-300:])

        with replaced(adb_program, "_run", run):
            found = listing.list_devices()
        listing.devices_json(found)
        return bool(listing.devices_text(found) and found)

    return Parser(name="adb client: program", make=make, take=take)


@contextlib.contextmanager
def replaced(module: object, name: str, value: object) -> Iterator[None]:
    """An attribute replaced for the length of the `with` block; pytest's monkeypatch is not there in a benchmark."""
    before = getattr(module, name)
    setattr(module, name, value)
    try:
        yield
    finally:
        setattr(module, name, before)
