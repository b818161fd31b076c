"""`python -m edgekit.device.loopback --root DIR --home DIR --keys FILE [--port N]`: serve until standard input ends."""

import argparse
import json
import signal
import sys
import threading
from pathlib import Path

from edgekit.device.loopback.commands import Machine
from edgekit.device.loopback.files import Files
from edgekit.device.loopback.server import Server
from edgekit.device.loopback.wire import public_numbers
from edgekit.runner.deploy import runner_environment


def main() -> None:
    """Print {"port": N} once it listens."""
    parser = argparse.ArgumentParser(prog="edgekit.device.loopback", description=__doc__)
    parser.add_argument("--root", type=Path, required=True, help="the device's own folder")
    parser.add_argument("--home", type=Path, required=True, help="a folder outside of it, for the runner's copy")
    parser.add_argument("--keys", type=Path, required=True, help="public keys that may connect, as in adbkey.pub")
    parser.add_argument("--port", type=int, default=0, help="0: any free port")
    parser.add_argument("--python", action="append", default=[], help="RUNTIME=PATH of an interpreter that has it")
    arguments = parser.parse_args()
    keys = tuple(public_numbers(line) for line in arguments.keys.read_text().splitlines() if line.strip())
    pythons = dict(item.split("=", 1) for item in arguments.python)
    runner_environment(arguments.home)  # once, before two jobs could copy it at the same time
    machine = Machine(files=Files(arguments.root), home=arguments.home, pythons=pythons)
    server = Server(machine, keys, arguments.port)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    threading.Thread(target=server.serve, daemon=True).start()
    try:
        sys.stdout.write(json.dumps({"port": server.port}) + "\n")
        sys.stdout.flush()
        sys.stdin.buffer.read()  # the parent's end of the pipe closes with the parent
    finally:
        server.close()


if __name__ == "__main__":
    main()
