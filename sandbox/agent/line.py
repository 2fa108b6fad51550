"""The warden's end of its room's line: messages with the caller, control with the runner."""

import json
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.agent.caps import MAX_FRAME
from sandbox.agent.frames import (
    HEAD_LENGTH,
    Kind,
    MessageReader,
    Verb,
    message,
    pieces,
)

ANSWER_SECONDS = 5.0


class Gone(Exception):
    """The caller has closed the room."""


@dataclass(frozen=True)
class Facts:
    """What the room's control group counted since the room was opened, as the runner read it."""

    out_of_memory: int = 0
    refused_processes: int = 0
    peak_bytes: int = 0


class Line:
    """Takes packets as they come. Every method that reads may raise Gone."""

    def __init__(self, end: socket.socket, opening: Mapping[str, Any]) -> None:
        self.end = end
        # Whether the runner keeps the room in a control group.
        self.controlled = bool(opening["controlled"])
        self.go = not self.controlled
        # What the caller wants. None where there is no caller yet: the room is opened ahead.
        self.order: Mapping[str, Any] | None = opening["order"]
        self.facts = Facts()
        self.added: set[int] = set()  # processes that the runner has put into the control group
        self.inbox: list[tuple[Verb, bytes]] = []
        self._messages = MessageReader()
        self._answered = True

    def take(self) -> None:
        """Take one packet."""
        packet = self.end.recv(MAX_FRAME + 1)
        if not packet:
            raise Gone
        if packet[0] == Kind.DATA:
            self.inbox.extend(self._messages.feed(packet[1:]))
            return
        told = json.loads(packet[1:])
        self.go = self.go or bool(told.get("go"))
        self._answered = self._answered or bool(told.get("answer"))
        self.order = self.order or told.get("order")
        if "added" in told:
            self.added.add(int(told["added"]))
        if "facts" in told:
            self.facts = Facts(**told["facts"])

    def ask_facts(self) -> Facts:
        """Ask the runner what the room's control group has counted up to now."""
        if not self.controlled:
            return self.facts
        self._answered = False
        self.tell({"ask": "facts"})
        until = time.monotonic() + ANSWER_SECONDS
        while not self._answered:
            if time.monotonic() > until:
                raise RuntimeError("the runner does not answer")
            self.take()
        return self.facts

    def tell(self, words: Mapping[str, Any]) -> None:
        """Say something to the runner."""
        self.end.send(bytes([Kind.CONTROL]) + json.dumps(words).encode())

    def answer(self, verb: Verb, head: Mapping[str, Any], *parts: bytes) -> None:
        """Send a message to the caller; waits while the caller is slow to take it."""
        text = json.dumps(head).encode()
        for piece in pieces(message(verb, HEAD_LENGTH.pack(len(text)), text, *parts)):
            self.end.send(bytes([Kind.DATA]) + piece)
