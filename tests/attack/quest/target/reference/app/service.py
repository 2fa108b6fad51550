"""A service that is well."""

from http.server import BaseHTTPRequestHandler, HTTPServer


class Well(BaseHTTPRequestHandler):
    """Answers."""

    def do_GET(self) -> None:
        """Answer."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"well")


if __name__ == "__main__":
    HTTPServer(("127.0.0.1", 8000), Well).serve_forever()
