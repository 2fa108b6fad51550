"""A service of ours with a fixed amount of work, to find out how busy this machine is just now.

Standard library only. It does what a small service does: reads JSON, counts for a moment, writes
JSON; one event loop, as uvicorn has.
"""

import asyncio
import json
import sys

ROUNDS = 4000  # some milliseconds: what a small model takes for a row


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer one request and close."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        int(line.partition(b":")[2])
        for line in head.split(b"\r\n")
        if line.lower().startswith(b"content-length")
    )
    body = json.loads(await reader.readexactly(length))
    for _ in range(ROUNDS):
        body = {"numbers": sorted(body["numbers"], reverse=True)}
    content = json.dumps(body).encode()
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")
    writer.write(b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(content) + content)
    await writer.drain()
    writer.close()


async def main(port: int) -> None:
    """Serve until the room is closed."""
    server = await asyncio.start_server(answer, "127.0.0.1", port)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
