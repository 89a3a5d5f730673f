"""A server on this machine that answers like a language model's endpoint, or misbehaves."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


def completion(content: object) -> bytes:
    """The body of an answer whose text is the content, as JSON unless it is a text already."""
    said = content if isinstance(content, str) else json.dumps(content)
    return json.dumps({"choices": [{"message": {"role": "assistant", "content": said}}]}).encode()


@dataclass
class LanguageModel:
    """What the server is to answer, and what it was asked."""

    body: bytes = completion({})
    status: int = 200
    location: str = ""
    silent_s: float = 0.0
    """Waits so long before it answers."""
    drop_s: float = 0.0
    """Waits so long after each byte."""
    asked: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    url: str = ""

    def says(self, content: object) -> None:
        self.body = completion(content)


@contextmanager
def language_model() -> Iterator[LanguageModel]:
    model = LanguageModel()
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            model.asked.append(json.loads(self.rfile.read(length)))
            model.keys.append(self.headers["Authorization"])
            model.paths.append(self.path)
            over.wait(model.silent_s)
            self.send_response(model.status)
            if model.location:
                self.send_header("Location", model.location)
            self.send_header("Content-Length", str(len(model.body)))
            self.end_headers()
            try:
                self._send()
            except OSError:
                # Whoever asked has given up, which some tests want.
                self.close_connection = True

        def _send(self) -> None:
            if not model.drop_s:
                self.wfile.write(model.body)
                return
            for place in range(len(model.body)):
                if over.is_set():
                    break
                self.wfile.write(model.body[place : place + 1])
                time.sleep(model.drop_s)

        def log_message(self, *said: Any) -> None:
            """Says nothing: tests read the standard error."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    model.url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield model
    finally:
        over.set()
        server.shutdown()
        thread.join()
        server.server_close()
