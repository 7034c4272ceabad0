"""Drives Firefox or WebKit, without a library: `browser.py firefox` by WebDriver BiDi, `browser.py webkit`
by WebDriver.

Each line of standard input is a JSON object, and is answered by one: {"open": ADDRESS} loads a page,
{"js": EXPRESSION} gives the value of an expression on it, {"choose": FILE} chooses a file in the page's
input. An answer is {"value": …} or {"error": TEXT}. The browser ends when the input does.
"""

import base64
import http.client
import json
import os
import pathlib
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

TIMEOUT = 60
INPUT = "#check input"
# The `Web` browser of WebKitGTK that Debian's packages have for its driver.
MINI_BROWSER = "/usr/lib/*/webkit2gtk-4.1/MiniBrowser"


processes = []


def start(line, environment=None):
    """Starts a program in a process group of its own, which ends with this script."""
    process = subprocess.Popen(
        line,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, **(environment or {})},
        start_new_session=True,
        text=True,
    )
    processes.append(process)
    return process


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class WebSocket:
    """A client of RFC 6455 that speaks text to a server on this machine."""

    def __init__(self, port, path):
        self.socket = socket.create_connection(("127.0.0.1", port), TIMEOUT)
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        self.reader = self.socket.makefile("rb")
        assert b"101" in self.reader.readline()
        while self.reader.readline().strip():
            pass

    def send(self, text):
        data = text.encode()
        length = len(data)
        if length < 126:
            head = bytes([0x81, 0x80 | length])
        elif length < 1 << 16:
            head = bytes([0x81, 0xFE]) + struct.pack(">H", length)
        else:
            head = bytes([0x81, 0xFF]) + struct.pack(">Q", length)
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[at % 4] for at, byte in enumerate(data))
        self.socket.sendall(head + mask + masked)

    def receive(self):
        message = b""
        while True:
            first, second = self.reader.read(2)
            length = second & 0x7F
            if length == 126:
                (length,) = struct.unpack(">H", self.reader.read(2))
            elif length == 127:
                (length,) = struct.unpack(">Q", self.reader.read(8))
            message += self.reader.read(length)
            if first & 0x80:
                return message.decode()


class Firefox:
    def __init__(self, folder):
        port = free_port()
        line = ["firefox-esr", "--headless", "--no-remote", "--profile", folder]
        # With a home of its own Firefox leaves nothing behind.
        process = start([*line, "--remote-debugging-port", str(port), "about:blank"], {"HOME": folder})
        for said in process.stderr:
            if "WebDriver BiDi listening" in said:
                break
        # What it says later must not fill its pipe.
        threading.Thread(target=process.stderr.read, daemon=True).start()
        self.socket = WebSocket(port, "/session")
        self.count = 0
        self.call("session.new", capabilities={})
        self.context = self.call("browsingContext.getTree")["contexts"][0]["context"]

    def call(self, method, **parameters):
        self.count += 1
        self.socket.send(json.dumps({"id": self.count, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self.socket.receive())
            if answer.get("id") == self.count:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}: {answer.get('message')}")
                return answer["result"]

    def open(self, address):
        self.call("browsingContext.navigate", context=self.context, url=address, wait="complete")

    def js(self, expression):
        answer = self.call(
            "script.evaluate",
            expression=f"(async () => JSON.stringify(await ({expression})) ?? 'null')()",
            target={"context": self.context},
            awaitPromise=True,
        )
        if answer["type"] != "success":
            raise RuntimeError(f"{expression}: {answer['exceptionDetails']['text']}")
        return json.loads(answer["result"]["value"])

    def choose(self, file):
        locator = {"type": "css", "value": INPUT}
        nodes = self.call("browsingContext.locateNodes", context=self.context, locator=locator)["nodes"]
        element = {"sharedId": nodes[0]["sharedId"]}
        self.call("input.setFiles", context=self.context, element=element, files=[file])


class WebKit:
    def __init__(self, folder):
        port = free_port()
        line = ["xvfb-run", "--auto-servernum", "WebKitWebDriver", f"--port={port}"]
        process = start(line, {"HOME": folder, "XDG_RUNTIME_DIR": folder, "GIO_USE_VFS": "local"})
        threading.Thread(target=process.stderr.read, daemon=True).start()
        deadline = time.monotonic() + TIMEOUT
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                assert time.monotonic() < deadline, "the driver of WebKit does not start"
                time.sleep(0.05)
        self.driver = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
        (binary, *_) = pathlib.Path("/").glob(MINI_BROWSER.lstrip("/"))
        options = {"binary": str(binary), "args": ["--automation"]}
        capabilities = {"alwaysMatch": {"webkitgtk:browserOptions": options}}
        self.session = ""
        self.session = "/" + self.call("", capabilities=capabilities)["sessionId"]

    def call(self, path, **parameters):
        head = {"Content-Type": "application/json"}
        self.driver.request("POST", f"/session{self.session}{path}", json.dumps(parameters), head)
        answer = json.loads(self.driver.getresponse().read())["value"]
        if isinstance(answer, dict) and "error" in answer:
            raise RuntimeError(f"{path}: {answer['error']}: {answer['message']}")
        return answer

    def open(self, address):
        self.call("/url", url=address)

    def js(self, expression):
        script = f"const done = arguments[0]; Promise.resolve({expression}).then((it) => done(JSON.stringify(it) ?? 'null'))"
        return json.loads(self.call("/execute/async", script=script, args=[]))

    def choose(self, file):
        (element,) = self.call("/element", using="css selector", value=INPUT).values()
        self.call(f"/element/{element}/value", text=file)


def answer(browser, order):
    ((method, value),) = order.items()
    try:
        return {"value": getattr(browser, method)(value)}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
    try:
        browser = {"firefox": Firefox, "webkit": WebKit}[sys.argv[1]](folder)
        for line in sys.stdin:
            print(json.dumps(answer(browser, json.loads(line))), flush=True)
    finally:
        for process in processes:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(TIMEOUT)
