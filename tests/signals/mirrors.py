"""A server of this process, for tests of downloads."""

import hashlib
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


class Server(ThreadingHTTPServer):
    files: Mapping[str, bytes]
    asked: list[str]  # the paths, in order
    sent: int  # bytes of files and their parts

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    """/good serves the files and parts of them; /whole no parts; /wrong changes a byte, /short stops in the middle,
    /flaky fails once, others do."""

    server: Server

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        mirror, _, name = self.path[1:].partition("/")
        content = self.server.files.get(name)
        flaky = mirror == "flaky" and self.server.asked.count(self.path) == 1
        if mirror not in ("good", "whole", "wrong", "short", "flaky") or content is None or flaky:
            self.send_error(503 if flaky else 404)
            return
        part = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", "")) if mirror == "good" else None
        first, last = map(int, part.groups()) if part else (0, len(content))
        body = (b"!" + content[1:] if mirror == "wrong" else content)[first : last + 1]
        self.send_response(206 if part else 200)
        if part:
            self.send_header("Content-Range", f"bytes {first}-{first + len(body) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.server.sent += len(body)
            with suppress(ConnectionError):  # of who has seen enough
                self.wfile.write(body[: len(body) // 2] if mirror == "short" else body)

    def log_message(self, *arguments: object) -> None:
        pass


@contextmanager
def serving(files: Mapping[str, bytes]) -> Iterator[Server]:
    """The files at `address`/MIRROR/NAME."""
    with Server(("127.0.0.1", 0), Handler) as server:
        server.files, server.asked, server.sent = files, [], 0
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()
