"""A service that is well while its model is."""

import json
import os
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

MODEL = Path(os.environ["SIM_ARTIFACTS"]) / "model.json"
COUNTED = {"requests": 0}


def is_ready() -> bool:
    """Whether there is a model to answer with."""
    try:
        return "modulus" in json.loads(MODEL.read_text())
    except (OSError, ValueError):
        return False


class Well(BaseHTTPRequestHandler):
    """Answers."""

    def do_GET(self) -> None:
        """Answer: how it is, how much it was asked, or what it is for."""
        if self.path == "/ready":
            self._say(200 if is_ready() else 503, b"")
        elif self.path == "/metrics":
            self._say(200, f"requests_total {COUNTED['requests']}\n".encode())
        else:
            COUNTED["requests"] += 1
            self._say(*((200, b"well") if is_ready() else (503, b"")))

    def _say(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    HTTPServer(("127.0.0.1", 8000), Well).serve_forever()
