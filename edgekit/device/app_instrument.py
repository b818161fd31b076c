"""What `am instrument -r -w` and `am start -W` print -> data. Pure, bounded, and content with any text."""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from edgekit.device.parse import printable, text_lines

MAX_PARTS = 1024
MAX_BYTES = 16 << 20
"""Of an answer that comes as text; a larger one is fetched as a file."""
_SAID_CHARACTERS = 300
_KEY_VALUE = re.compile(r"INSTRUMENTATION_(STATUS|RESULT): ([^=]{1,80})=(.*)")
_CODE = re.compile(r"INSTRUMENTATION_(STATUS_CODE|CODE): (-?[0-9]{1,9})\s*")
_END = re.compile(r"INSTRUMENTATION_(FAILED|ABORTED): (.*)")
_NOT_STARTED = re.compile(
    r"(?:java\.lang\.)?SecurityException|^Error: |Unable to find instrumentation|unknown command|not found|"
    r"Permission Denial|inaccessible",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the instrumentation said. `code` -1: it ended as it should; None: it did not say that it ended.

    `total`: how many parts the answer has, as far as any came; 0: none did. `impossible`: why it was never started, in
    am's words; empty where it was. `broken`: what is wrong with the parts.
    """

    result: Mapping[str, str] = field(default_factory=dict)
    code: int | None = None
    parts: Mapping[int, str] = field(default_factory=dict)
    total: int = 0
    impossible: str = ""
    aborted: str = ""
    broken: str = ""


class BadParts(ValueError):
    """The parts do not give the answer; the text says why."""


def instrument_output(text: str, exit_code: int = 0) -> Told:
    """Read the whole output; lines that are not known are the end of the value before them, or am's complaint."""
    bundle: dict[str, str] = {}
    result: dict[str, str] = {}
    parts: dict[int, str] = {}
    total, size, code = 0, 0, None
    failed, aborted, broken = "", "", ""
    errors: list[str] = []
    last: tuple[dict[str, str], str] | None = None
    for line in text.replace("\r", "").split("\n"):
        if match := _KEY_VALUE.fullmatch(line):
            table = bundle if match.group(1) == "STATUS" else result
            key = match.group(2)
            if len(table) < 100:
                table[key] = match.group(3)
                last = (table, key)
        elif match := _CODE.fullmatch(line):
            last = None
            if match.group(1) == "CODE":
                code = int(match.group(2))
                continue
            if "Error" in bundle:
                errors.append(bundle["Error"])
            total = max(total, _number(bundle.get("parts", "")) or 0)
            part, data = _number(bundle.get("part", "")), bundle.get("data")
            bundle = {}
            if part is None or data is None:
                continue
            size += len(data)
            if part >= MAX_PARTS or size > 2 * MAX_BYTES:
                broken = "more parts than an answer has"
            elif parts.setdefault(part, data) != data:
                broken = f"part {part} came twice, and differs"
        elif match := _END.fullmatch(line):
            last = None
            if match.group(1) == "FAILED":
                failed = match.group(2)
            else:
                aborted = match.group(2)
        elif last is not None and line:
            table, key = last
            if len(table[key]) < 10_000:
                table[key] += "\n" + line
        elif line.strip():
            errors.append(line)
    if "data" in bundle:  # cut in the middle of a part: an answer was on its way
        total = max(total, _number(bundle.get("parts", "")) or 1)
    return Told(
        result=result,
        code=code,
        parts=parts,
        total=total,
        impossible=_impossible(failed, errors, exit_code) if code is None and not total and not aborted else "",
        aborted=_short(aborted),
        broken=broken,
    )


def _impossible(failed: str, errors: list[str], exit_code: int) -> str:
    said = "\n".join(errors)
    if not failed and exit_code == 0 and not _NOT_STARTED.search(said):
        return ""
    return _short(errors[0] if errors else failed or f"exit code {exit_code}")


def _number(text: str) -> int | None:
    found = re.fullmatch(r"\s*([0-9]{1,6})\s*", text)
    return int(found.group(1)) if found else None


def _short(text: str) -> str:
    return printable(" ".join(text.split()))[:_SAID_CHARACTERS]


def assembled(told: Told) -> bytes:
    """The answer out of its parts, checked by number, bytes and sha256; BadParts says what does not fit."""
    if told.broken:
        raise BadParts(told.broken)
    wanted = _number(told.result.get("parts", "")) or told.total
    if wanted == 0:
        raise BadParts("it held no answer")
    missing = [number for number in range(min(wanted, MAX_PARTS)) if number not in told.parts]
    if missing or wanted > MAX_PARTS or len(told.parts) > wanted:
        which = f"part {missing[0]} of {wanted} is missing" if missing else f"{len(told.parts)} parts of {wanted}"
        raise BadParts(which)
    try:
        content = b"".join(base64.b64decode(told.parts[number], validate=True) for number in range(wanted))
    except (binascii.Error, ValueError) as error:
        raise BadParts("a part is no base64 text") from error
    check_whole(content, told.result)
    return content


def check_whole(content: bytes, result: Mapping[str, str]) -> None:
    """BadParts where `content` is not the answer whose `bytes` and `sha256` the app told."""
    size, digest = result.get("bytes", "").strip(), result.get("sha256", "").strip().lower()
    if size and size != str(len(content)):
        raise BadParts(f"{len(content)} bytes of {printable(size)[:20]}")
    if digest and digest != hashlib.sha256(content).hexdigest():
        raise BadParts("its sha256 is another")


def start_problem(stdout: str, stderr: str, exit_code: int) -> str:
    """Why `am start -W` did not start the activity, or nothing."""
    said = "\n".join(text_lines(f"{stdout}\n{stderr}"))
    found = re.search(r"^[ \t]*Error\b|Exception\b|not found|[Uu]nknown command", said, re.MULTILINE)
    if found:
        return _short(said[said.rfind("\n", 0, found.start()) + 1 :].split("\n\n")[0])
    if exit_code != 0:
        return _short(said) or f"exit code {exit_code}"
    status = re.search(r"^Status: (.*)$", said, re.MULTILINE)
    return "" if status is None or status.group(1).strip() in ("ok", "timeout") else f"status {_short(status.group(1))}"
