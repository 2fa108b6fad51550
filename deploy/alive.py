"""`python -m deploy.alive ADDRESS`: exit code 0 when a page answers; what a health check runs."""

import sys
import urllib.request

SECONDS = 4


def main() -> int:
    """Ask once, with the host name that the site allows."""
    address = sys.argv[1]
    if not address.startswith("http://"):
        return 2
    request = urllib.request.Request(address, headers={"X-Forwarded-Proto": "https"})
    host = sys.argv[2] if len(sys.argv) > 2 else ""
    if host:
        request.add_header("Host", host)
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            return 0 if answer.status == 200 else 1
    except OSError:
        return 1


if __name__ == "__main__":
    sys.exit(main())
