"""Chromium without a screen, spoken to over a pipe: no driver, no socket, no port.

The protocol: https://chromedevtools.github.io/devtools-protocol/
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Literal

# Chromium reads from descriptor 3 and writes to 4; subprocess hands on others.
_LAUNCH = (
    "import os, sys; os.dup2(int(sys.argv[1]), 3); os.dup2(int(sys.argv[2]), 4); "
    "os.execv(sys.argv[3], sys.argv[3:])"
)
_OPTIONS = (
    "--headless=new",
    "--no-sandbox",
    "--no-first-run",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-extensions",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)
Scheme = Literal["light", "dark"]


@dataclass
class Chromium:
    """A browser with one tab."""

    _to: IO[bytes]
    _from: IO[bytes]
    _session: str | None = None
    _last: int = 0
    events: list[dict[str, Any]] = field(default_factory=list)

    def attach(self) -> None:
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        attached = self.ask("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(f"{domain}.enable")

    def ask(self, method: str, **parameters: object) -> dict[str, Any]:
        self._last += 1
        message: dict[str, object] = {"id": self._last, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        self._to.write(json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self._last:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return dict(answer["result"])

    def open(self, page: Path, *, width: int, scheme: Scheme = "light", media: str = "") -> None:
        """The page, laid out and loaded. Only its own events are kept."""
        self.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=900,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.ask("Emulation.setEmulatedMedia", media=media, features=features)
        self.events.clear()
        self.ask("Page.navigate", url=page.as_uri())
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self._receive()

    def read(self, expression: str) -> Any:
        """The value of a JavaScript expression in the page."""
        found = self.ask("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def text(self, selector: str) -> str:
        """What a person sees there."""
        return str(self.read(f"document.querySelector({json.dumps(selector)}).innerText"))

    def screenshot(self, path: Path) -> Path:
        """All of the page."""
        shot = self.ask("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(shot["data"]))
        return path

    def print_to(self, path: Path) -> Path:
        printed = self.ask("Page.printToPDF", printBackground=True)
        path.write_bytes(base64.b64decode(printed["data"]))
        return path

    @property
    def requests(self) -> list[str]:
        """The addresses that the page asked for."""
        sent = self._of("Network.requestWillBeSent")
        return [str(event["request"]["url"]) for event in sent]

    @property
    def complaints(self) -> list[Mapping[str, Any]]:
        """Whatever is on the console."""
        names = ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded")
        return [complaint for name in names for complaint in self._of(name)]

    def _of(self, method: str) -> list[Mapping[str, Any]]:
        return [event["params"] for event in self.events if event["method"] == method]

    def _receive(self) -> dict[str, Any]:
        message = bytearray()
        while (byte := self._from.read(1)) != b"\0":
            assert byte, "Chromium has ended"
            message += byte
        answer: dict[str, Any] = json.loads(message)
        if "method" in answer:
            self.events.append(answer)
        return answer


@contextmanager
def started(program: str, folder: Path) -> Iterator[Chromium]:
    """A browser of its own, with its files in `folder`, that ends with the block."""
    (theirs_in, to), (from_, theirs_out) = os.pipe(), os.pipe()
    command = [sys.executable, "-c", _LAUNCH, str(theirs_in), str(theirs_out), program]
    process = subprocess.Popen(
        [*command, *_OPTIONS, f"--user-data-dir={folder}"],
        pass_fds=(theirs_in, theirs_out),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(theirs_in)
    os.close(theirs_out)
    with os.fdopen(to, "wb", buffering=0) as writing, os.fdopen(from_, "rb") as reading:
        browser = Chromium(writing, reading)
        try:
            browser.attach()
            yield browser
        finally:
            process.terminate()
            process.wait(timeout=20)
