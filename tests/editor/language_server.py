"""A client for yaml-language-server over standard input and output, as small as the tests need."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any, Self


class LanguageServer:
    """One server process; `with` ends it."""

    def __init__(self, server: Path, root: Path) -> None:
        self._process = subprocess.Popen(
            ["node", str(server), "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=root
        )
        self._number = 0
        self._diagnostics: dict[str, list[dict[str, Any]]] = {}
        self.request("initialize", {"processId": None, "rootUri": root.as_uri(), "capabilities": {}})
        self.notify("initialized", {})
        settings = {"yaml": {"validate": True, "completion": True, "schemaStore": {"enable": False}}}
        self.notify("workspace/didChangeConfiguration", {"settings": settings})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._process.kill()
        self._process.communicate()

    def notify(self, method: str, params: object) -> None:
        """Send a message that has no answer."""
        self._send({"method": method, "params": params})

    def request(self, method: str, params: object) -> Any:
        """Send a message and return the result of its answer."""
        self._number += 1
        self._send({"id": self._number, "method": method, "params": params})
        while True:
            message = self._receive()
            if message.get("id") == self._number and "method" not in message:
                return message.get("result")

    def diagnostics(self, uri: str, text: str) -> list[dict[str, Any]]:
        """Open a document and return what the server complains of."""
        self.notify("textDocument/didOpen", {"textDocument": self._item(uri, text)})
        while uri not in self._diagnostics:
            self._receive()
        return self._diagnostics[uri]

    def completions(self, uri: str, text: str, line: int, character: int) -> list[str]:
        """Open a document and return the labels that the server offers at a place, counted from 0."""
        self.diagnostics(uri, text)
        place = {"textDocument": {"uri": uri}, "position": {"line": line, "character": character}}
        found = self.request("textDocument/completion", place)
        return [item["label"] for item in (found["items"] if isinstance(found, dict) else found)]

    @staticmethod
    def _item(uri: str, text: str) -> dict[str, Any]:
        return {"uri": uri, "languageId": "yaml", "version": 1, "text": text}

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._process.stdin.flush()

    def _receive(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        length = 0
        while line := self._process.stdout.readline().strip():
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        if not length:
            raise EOFError("the language server ended")
        message: dict[str, Any] = json.loads(self._process.stdout.read(length))
        if message.get("method") == "textDocument/publishDiagnostics":
            self._diagnostics[message["params"]["uri"]] = message["params"]["diagnostics"]
        elif "id" in message and "method" in message:  # the server asks for settings, or to register a watcher
            items = (message.get("params") or {}).get("items", [])
            self._send({"id": message["id"], "result": [None] * len(items)})
        return message
