"""What a client of PostgreSQL asks and is told, message by message.

Read are both ways of asking: whole statements, and statements that are parsed (once, by name),
bound and executed, any number in one packet. Of a transaction is remembered what was executed in
it, so that its COMMIT can be told from other people's.

Source: PostgreSQL's documentation, "Frontend/Backend Protocol", message formats.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from tests.wire import Passage

ENCRYPT = {80877103, 80877104}  # SSLRequest, GSSENCRequest: answered by one byte
BEGINS = {"BEGIN", "START"}
COMMITS = {"COMMIT", "END"}
ENDS = {*COMMITS, "ROLLBACK", "ABORT"}


@dataclass(slots=True)
class _Promise:
    """What the server will answer: the end of a transaction, or that it is ready again."""

    ready: bool = False
    ends: tuple[str, ...] = ()


@dataclass(slots=True)
class Statements:
    """One connection to PostgreSQL."""

    _from_client: bytearray = field(default_factory=bytearray)
    _from_server: bytearray = field(default_factory=bytearray)
    _started: bool = False
    _single: int = 0  # bytes that the server will answer without a frame
    _prepared: dict[bytes, str] = field(default_factory=dict)
    _in_block: bool = False
    _executed: list[str] = field(default_factory=list)  # in this transaction
    _promises: deque[_Promise] = field(default_factory=deque)

    def asked(self, data: bytes) -> Iterator[Passage]:
        self._from_client += data
        while raw := self._next(self._from_client, 1 if self._started else 0):
            if self._started:
                yield self._ask(raw)
            else:
                yield self._greet(raw)

    def answered(self, data: bytes) -> Iterator[Passage]:
        self._from_server += data
        while self._single and self._from_server:
            assert self._from_server[:1] == b"N", "what is encrypted can't be read here"
            self._single -= 1
            yield Passage(bytes(self._from_server[:1]), "", answer=True)
            del self._from_server[:1]
        while raw := self._next(self._from_server, 1):
            yield self._answer(raw)

    @staticmethod
    def _next(waiting: bytearray, kind: int) -> bytes:
        """The next whole message: a kind of so many bytes, then a length that counts itself."""
        if len(waiting) < kind + 4:
            return b""
        size = kind + int.from_bytes(waiting[kind : kind + 4], "big")
        if len(waiting) < size:
            return b""
        raw = bytes(waiting[:size])
        del waiting[:size]
        return raw

    def _greet(self, raw: bytes) -> Passage:
        if int.from_bytes(raw[4:8], "big") in ENCRYPT:
            self._single += 1
        else:
            self._started = True
        return Passage(raw, "", answer=False)

    def _ask(self, raw: bytes) -> Passage:
        words, ends, body = "", None, raw[5:]
        match raw[:1]:
            case b"P":  # Parse: name, statement, types
                name, statement, _ = body.split(b"\0", 2)
                words = self._prepared[name] = statement.decode()
                if _verb(words) in COMMITS:
                    ends = tuple(self._executed)
            case b"B":  # Bind: portal, name, values
                _, name, _ = body.split(b"\0", 2)
                words = self._prepared.get(name, "")
                ends = self._execute(words)
            case b"Q":  # Query: a whole statement
                words = body[:-1].decode()
                ends = self._execute(words)
                ends = self._implicit_end() if ends is None else ends
                self._promises.append(_Promise(ready=True))
            case b"S":  # Sync: ends a transaction that no BEGIN began
                ends = self._implicit_end()
                self._promises.append(_Promise(ready=True))
        return Passage(raw, words, answer=False, ends=ends)

    def _execute(self, statement: str) -> tuple[str, ...] | None:
        """Remember it; the statements of the transaction that it ends, if it is a COMMIT."""
        verb = _verb(statement)
        if verb in BEGINS:
            self._in_block = True
        elif verb not in ENDS or " TO " in statement.upper():  # back to a savepoint ends nothing
            self._executed.append(statement)
        else:
            self._in_block = False
            ends = self._end()
            return ends if verb in COMMITS else None
        return None

    def _implicit_end(self) -> tuple[str, ...] | None:
        return None if self._in_block or not self._executed else self._end()

    def _end(self) -> tuple[str, ...]:
        ends = tuple(self._executed)
        self._promises.append(_Promise(ends=ends))
        self._executed.clear()
        return ends

    def _answer(self, raw: bytes) -> Passage:
        words, ends = "", None
        match raw[:1]:
            case b"C":  # CommandComplete: a tag
                words = raw[5:-1].decode()
                if words in {"COMMIT", "ROLLBACK"} and not self._promises[0].ready:
                    promise = self._promises.popleft()
                    ends = promise.ends if words == "COMMIT" else None
            case b"Z":  # ReadyForQuery
                while self._promises and not (promise := self._promises.popleft()).ready:
                    ends = promise.ends
        return Passage(raw, words, answer=True, ends=ends)


def _verb(statement: str) -> str:
    found = re.match(r"\s*(\w+)", statement)
    return found[1].upper() if found else ""


def _says(pattern: str, statements: Iterable[str]) -> bool:
    return any(re.search(pattern, one, re.IGNORECASE | re.DOTALL) for one in statements)


def statement(pattern: str) -> Callable[[Passage], bool]:
    """A statement on its way to the server."""
    return lambda passage: not passage.answer and _says(pattern, [passage.words])


def commit_of(pattern: str) -> Callable[[Passage], bool]:
    """The COMMIT of a transaction with such a statement, on its way to the server."""
    return lambda p: not p.answer and p.ends is not None and _says(pattern, p.ends)


def committed(pattern: str) -> Callable[[Passage], bool]:
    """The server's word that a transaction with such a statement is committed."""
    return lambda p: p.answer and p.ends is not None and _says(pattern, p.ends)
