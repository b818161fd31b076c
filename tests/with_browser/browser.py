"""Headless Chromium through chromedriver's own protocol (W3C WebDriver, JSON over HTTP): no package is needed."""

import base64
import contextlib
import json
import re
import shutil
import subprocess
import urllib.request
from pathlib import Path

ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--hide-scrollbars",
)
PROGRAMS = ("chromium", "chromedriver")
KEYS = {"Enter": "\ue007", "Space": " ", "Tab": "\ue004", "End": "\ue010", "Right": "\ue014", "Escape": "\ue00c"}
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


def missing():
    """Programs that are not on PATH."""
    return [program for program in PROGRAMS if shutil.which(program) is None]


class Browser:
    """One browser with a profile of its own in `folder`."""

    def __init__(self, folder: Path):
        self.driver = subprocess.Popen(
            ["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=folder
        )
        try:
            self.url = f"http://127.0.0.1:{self._port()}"
            options = {
                "binary": shutil.which("chromium"),
                "args": [*ARGUMENTS, f"--user-data-dir={folder / 'profile'}"],
            }
            wanted = {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}
            session = self._call("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
            self.url += f"/session/{session['sessionId']}"
        except BaseException:
            self._stop()
            raise

    def _port(self):
        for line in self.driver.stdout:
            if found := re.search(r"started successfully on port (\d+)", line):
                return int(found[1])
        raise RuntimeError(f"chromedriver ended with {self.driver.wait()} before it had a port")

    def _call(self, method, path, data=None):
        body = None if data is None else json.dumps(data).encode()
        request = urllib.request.Request(self.url + path, body, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(json.load(error)["value"]["message"]) from None

    def open(self, path: Path, width=1280, height=900, dark=False):
        """Show a file at a size of the window, in a light or a dark scheme; what was logged before is dropped."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        self.devtools("Emulation.setDeviceMetricsOverride", **size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.devtools("Emulation.setEmulatedMedia", features=[scheme])
        self.messages()
        self.requests()
        self._call("POST", "/url", {"url": path.resolve().as_uri()})

    def devtools(self, command, **parameters):
        """A command of the DevTools protocol."""
        return self._call("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def run(self, script, *arguments):
        """What a script returns."""
        return self._call("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def press(self, *keys):
        """Keys, one after the other, to what has the focus."""
        codes = [KEYS.get(key, key) for key in keys]
        actions = [{"type": kind, "value": code} for code in codes for kind in ("keyDown", "keyUp")]
        self._call("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})

    def point_at(self, selector):
        """Move the mouse over the middle of an element that is scrolled into view."""
        element = self._call("POST", "/element", {"using": "css selector", "value": selector})
        self.run("arguments[0].scrollIntoView({block: 'center'})", element)
        self.run("return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        move = {"type": "pointerMove", "origin": element, "x": 0, "y": 0, "duration": 0}
        self._call("POST", "/actions", {"actions": [{"type": "pointer", "id": "mouse", "actions": [move]}]})

    def click(self, selector):
        """Scroll an element into view and click it."""
        element = self._call("POST", "/element", {"using": "css selector", "value": selector})
        self._call("POST", f"/element/{element[ELEMENT]}/click", {})

    def _log(self, kind):
        return self._call("POST", "/se/log", {"type": kind})

    def messages(self):
        """Console messages, errors of scripts and breaches of the policy since the last call."""
        return [entry["message"] for entry in self._log("browser")]

    def requests(self):
        """URLs that the browser asked for since the last call."""
        events = [json.loads(entry["message"])["message"] for entry in self._log("performance")]
        return [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]

    def screenshot(self, path: Path, whole=False):
        """A PNG of the window, or of the whole page."""
        shown = self.devtools("Page.captureScreenshot", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(shown["data"]))

    def close(self):
        """End the browser and its driver."""
        with contextlib.suppress(OSError, RuntimeError):
            self._call("DELETE", "")
        self._stop()

    def _stop(self):
        self.driver.terminate()
        self.driver.wait(10)
        self.driver.stdout.close()
