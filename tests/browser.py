"""Chromium without a window, driven over its DevTools protocol through a pipe: no driver program, no port, no package.

with Browser(tmp_path) as browser:
    page = browser.open("file:///.../page.html")
    page.press("ArrowRight")
    assert page.evaluate("document.title") == "..." and page.complaints == []
"""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-dev-shm-usage", "--hide-scrollbars", "--window-size=1200,900", "--remote-debugging-pipe",
)  # fmt: skip
PATIENCE = 60.0  # seconds for one answer
KEYS = {  # name -> (code of Windows, what it types)
    "ArrowLeft": (37, ""), "ArrowUp": (38, ""), "ArrowRight": (39, ""), "ArrowDown": (40, ""), "Home": (36, ""),
    "End": (35, ""), "Enter": (13, "\r"), "Tab": (9, ""), "Escape": (27, ""),
}  # fmt: skip


# puts the two ends (first far away, as either may be 3 or 4 already) where the browser looks, and becomes it
PLACE = """
import fcntl, os, sys
ends = [fcntl.fcntl(int(end), fcntl.F_DUPFD, 10) for end in sys.argv[1:3]]
os.dup2(ends[0], 3)
os.dup2(ends[1], 4)
os.execv(sys.argv[3], sys.argv[3:])
"""


class Browser:
    """A browser process; use it in a `with`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pages: dict[str, Page] = {}
        self.sent = 0
        self.buffer = b""

    def __enter__(self) -> Browser:
        """Start it: it reads commands from its file descriptor 3 and writes to 4."""
        commands, self.write_to = os.pipe()
        self.read_from, answers = os.pipe()
        program = [str(BROWSER), *FLAGS, f"--user-data-dir={self.folder / 'profile'}", "about:blank"]
        start = [sys.executable, "-SEc", PLACE, str(commands), str(answers), *program]
        with open(self.folder / "browser.log", "wb") as log:
            self.process = subprocess.Popen(start, pass_fds=(commands, answers), stdout=log, stderr=log)
        os.close(commands)
        os.close(answers)
        return self

    def __exit__(self, *exc: object) -> None:
        os.close(self.write_to)  # it ends when nobody can command it any more
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.read_from)

    def call(self, method: str, session: str | None = None, **params: Any) -> dict:
        """Send a command, and take events until its answer comes."""
        self.sent += 1
        message: dict[str, Any] = {"id": self.sent, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        os.write(self.write_to, json.dumps(message).encode() + b"\0")
        number = self.sent
        while True:
            answer = self.receive()
            if answer.get("id") == number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]

    def receive(self) -> dict:
        """The next message; an event is also noted by its page."""
        end = time.monotonic() + PATIENCE
        while b"\0" not in self.buffer:
            if not select.select([self.read_from], [], [], max(0.0, end - time.monotonic()))[0]:
                raise TimeoutError("the browser does not answer")
            chunk = os.read(self.read_from, 1 << 20)
            if not chunk:
                raise RuntimeError((self.folder / "browser.log").read_text(errors="replace")[-2000:])
            self.buffer += chunk
        text, _, self.buffer = self.buffer.partition(b"\0")
        message = json.loads(text)
        page = self.pages.get(message.get("sessionId", ""))
        if page is not None and "method" in message:
            page.note(message["method"], message["params"])
        return message

    def open(self, url: str) -> Page:
        """A new tab that has loaded `url`."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = self.pages[session] = Page(self, session, target)
        for domain in ("Page", "Runtime", "Log", "Network"):
            page.call(f"{domain}.enable")
        page.call("Emulation.setFocusEmulationEnabled", enabled=True)
        page.go(url)
        return page


class Page:
    """A tab: what it complained of, which files it asked for, and ways to look at it and to press keys."""

    def __init__(self, browser: Browser, session: str, target: str) -> None:
        self.browser, self.session, self.target = browser, session, target
        self.complaints: list[str] = []  # errors and warnings of the console
        self.requests: list[str] = []
        self.loaded = False

    def call(self, method: str, **params: Any) -> dict:
        return self.browser.call(method, self.session, **params)

    def note(self, event: str, params: dict) -> None:
        if event == "Page.loadEventFired":
            self.loaded = True
        elif event == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif event == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.complaints.append(details.get("exception", {}).get("description") or details["text"])
        elif event == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning", "assert"):
            self.complaints.append(" ".join(str(a.get("value", a.get("description"))) for a in params["args"]))
        elif event == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
            self.complaints.append(f"{params['entry']['text']} {params['entry'].get('url', '')}")

    def go(self, url: str) -> None:
        """Load `url` in this tab."""
        self.loaded = False
        wrong = self.call("Page.navigate", url=url).get("errorText")
        if wrong:
            raise RuntimeError(f"{url}: {wrong}")
        while not self.loaded:
            self.browser.receive()

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression, as JSON has it; of a promise, what it gives."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"].get("exception", {}).get("description", expression))
        return answer["result"].get("value")

    def press(self, *names: str, shift: bool = False) -> None:
        """Press and release keys, as the keyboard does: the element that has the focus gets them."""
        for name in names:
            code, text = KEYS[name]
            key = {"key": name, "code": name, "windowsVirtualKeyCode": code, "modifiers": 8 * shift}
            self.call("Input.dispatchKeyEvent", type="keyDown", **key, **({"text": text} if text else {}))
            self.call("Input.dispatchKeyEvent", type="keyUp", **key)

    def click(self, selector: str) -> None:
        """Click the middle of the first element that matches, with the mouse."""
        x, y = self.evaluate(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)});"
            "e.scrollIntoView({block: 'center'}); const b = e.getBoundingClientRect();"
            "return [b.x + b.width / 2, b.y + b.height / 2]; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def close(self) -> None:
        self.browser.call("Target.closeTarget", targetId=self.target)
        self.browser.pages.pop(self.session, None)
