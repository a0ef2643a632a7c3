"""A client of the service, over HTTP: ``from friction import Client`` (extra ``client``).

    with Client("http://127.0.0.1:8642", key) as friction:
        for pair in friction.pairs():
            print(pair["from_team"], "->", pair["about_team"], pair["verdict"])

What the service answers is given as it is, as the contract's objects (``docs/api.md``); an error is a ``Refused`` that
says what the problem document says. What is safe to ask again is asked again: reads, scoring, a file (which counts
once) and taking back, where the connection fails or the service is busy (429, 503), as late as it says, or away behind
its proxy (502, 504). An intervention is sent again only where the connection could not be made or the key asks too
often (429): of a store that was lost on the way nobody knows whether it took it.

Must never log, nor show in an error, what was sent.
"""

import json
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from email.utils import parsedate_to_datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, NotRequired, Self, TypedDict
from urllib.parse import quote

from friction.errors import FrictionError, UsageError
from friction.taxonomy import Pattern

try:
    import httpx
except ModuleNotFoundError:
    raise UsageError("The client needs httpx. Install it with: pip install 'friction[client]'") from None

TRIES: Final = 4
LONGEST_WAIT: Final = 30.0
"""Seconds between two tries, whatever Retry-After says."""
AT_ONCE: Final = 500
"""Comments of one request."""
_EARLY: Final = 429
_BUSY: Final = (_EARLY, 502, 503, 504)
_OVER: Final = ("done", "failed", "withdrawn")


class Comment(TypedDict):
    """A comment to score. Teams are ids, names or aliases."""

    text: str
    id: NotRequired[str | None]
    from_team: NotRequired[str | None]
    about_team: NotRequired[str | None]


class Evidence(TypedDict):
    """Characters of the text as sent, and the share of the blame that they carry."""

    start: int
    end: int
    weight: float


class Target(TypedDict):
    """Scores of one target."""

    team: str
    blame: float
    appreciation: float
    blamed: bool
    appreciated: bool
    patterns: dict[Pattern, float]
    labels: list[Pattern]
    evidence: list[Evidence]


class Scored(TypedDict):
    """A scored comment; ``error`` stands in the place of ``targets`` where it could not be scored."""

    id: str | None
    lang: Literal["en", "fr"] | None
    model: str
    targets: NotRequired[list[Target]]
    error: NotRequired[str]


class Cell(TypedDict):
    """A released cell."""

    from_team: str
    about_team: str
    first_week: str
    last_week: str
    respondents: str
    blame_rate: float
    low: float
    high: float
    appreciation_rate: float
    patterns: dict[Pattern, float]
    model: str
    mechanism: str


class Rise(TypedDict):
    """How much larger a share is than before, with its 95 % interval."""

    change: float
    low: float
    high: float


class Pair(TypedDict):
    """A pair with its verdict and cells, oldest first; ``relationship_conflict`` where more people voice disrespect."""

    from_team: str
    about_team: str
    verdict: Literal["rising", "falling", "steady", "cannot tell"]
    change: float | None
    low: float | None
    high: float | None
    smallest_visible_change: float | None
    breaks: list[dict[str, Any]]
    cells: list[Cell]
    interventions: list[dict[str, Any]]
    relationship_conflict: Rise | None


class Done(TypedDict):
    """Something done about a pair."""

    from_team: str
    about_team: str
    week: str
    description: str
    source: Literal["configuration", "entered"]


class Batch(TypedDict):
    """A file that was sent, and what became of it."""

    id: str
    state: str
    reason: NotRequired[str | None]
    report: NotRequired[dict[str, Any] | None]


class Refused(FrictionError):
    """The service answered with a problem.

    Attributes:
        status, type, detail, errors: of the problem document.
    """

    def __init__(self, status: int, type: str, detail: str, errors: Sequence[Mapping[str, str]] = ()) -> None:
        fields = "".join(f" {e.get('where')}: {e.get('what')}." for e in errors)
        super().__init__(f"{status}: {detail}{fields}")
        self.status, self.type, self.detail, self.errors = status, type, detail, tuple(errors)


class Unreachable(FrictionError):
    """The service did not answer, or not in time, or something else answered in its place."""


class Client:
    """The service at an address, for the holder of a key. Safe to share between threads.

    Args:
        url: where ``friction serve`` is reached.
        key: from ``friction keys create``.
        timeout: seconds that the service has for each step of an answer.
        tries: how often to ask in all. Between two tries it waits as long as the service says, ``LONGEST_WAIT`` at
            most, or else a half, one, two ... seconds: before it gives up on a service that is away, 3.5 s by default.

    Raises:
        UsageError: the address is none of a service, or the key cannot be one.
    """

    def __init__(self, url: str, key: str, *, timeout: float = 30.0, tries: int = TRIES) -> None:
        if not url.lower().startswith(("http://", "https://")):
            raise UsageError("The service's address begins with https://, or http:// on this machine")
        if not re.fullmatch(r"[!-~]+", key):
            raise UsageError("That is no key: it reads friction_ID_SECRET, in one line without spaces")
        self._tries = tries
        headers = {"Authorization": f"Bearer {key}", "Accept": "application/json"}
        try:
            self._http = httpx.Client(base_url=url, timeout=timeout, headers=headers)
        except httpx.InvalidURL:
            raise UsageError("The service's address is none; write one like https://friction.example.org") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def score(self, comments: Iterable[Comment]) -> list[Scored]:
        """Score comments, in their order; the service keeps nothing of them.

        Raises:
            UsageError: something in them is no JSON, like bytes or a number that is none (NaN).
            Refused: the comments are not as documented, or the key is not for this.
            Unreachable: no answer.
        """
        rows = list(comments)
        found: list[Scored] = []
        for start in range(0, len(rows), AT_ONCE):
            sent = _json({"comments": rows[start : start + AT_ONCE]})
            found += _object(self._ask("POST", "/v1/score", is_safe=True, **sent), "results")["results"]
        return found

    def upload(self, file: Path | str, *, source: str | None = None, week: str | None = None) -> Batch:
        """Send a file of comments; it is read later. The batch's ``id`` is what to ask by.

        Raises:
            Refused: it is not taken.
            Unreachable: no answer. Send it again: the same file counts once, however often it comes.
        """
        path = Path(file)
        said = {name: value for name, value in (("source", source), ("week", week)) if value is not None}
        try:
            with path.open("rb") as content:
                sent = {"file": (f"file{path.suffix}", content)}  # its name may name a person
                return _as_batch(self._ask("POST", "/v1/batches", is_safe=True, data=said, files=sent))
        except OSError as error:
            raise UsageError(f"Cannot read {path}: {error.strerror}") from None

    def batch(self, id: str) -> Batch:
        """What became of a file."""
        return _as_batch(self._get(f"/v1/batches/{_part(id)}"))

    def wait(self, batch: Batch, *, seconds: float = 600.0, every: float = 1.0) -> Batch:
        """The batch when its file has been read, or could not be.

        Raises:
            Unreachable: it has not been after so many seconds.
        """
        until = time.monotonic() + seconds
        while batch["state"] not in _OVER:
            if time.monotonic() + every > until:
                raise Unreachable(f"The batch is {batch['state']} after {seconds:.0f} seconds; ask for it later.")
            time.sleep(every)
            batch = self.batch(batch["id"])
        return batch

    def pairs(self) -> Iterator[Pair]:
        """Every released pair, with its latest cell, page by page."""
        yield from self._pages("/v1/pairs", "pairs")

    def pair(self, from_team: str, about_team: str) -> Pair:
        """A pair with its series of cells and what interventions changed."""
        found: Pair = _object(self._get(f"/v1/pairs/{_part(from_team)}/{_part(about_team)}"), "cells")
        return found

    def weeks(self) -> Iterator[str]:
        """Weeks in which cells closed, oldest first."""
        for week in self._pages("/v1/weeks", "weeks"):
            yield week["week"]

    def week(self, week: str) -> list[Cell]:
        """The cells that closed in a week."""
        found: list[Cell] = _object(self._get(f"/v1/weeks/{_part(week)}"), "cells")["cells"]
        return found

    def digest(self, week: str, kind: Literal["html", "plain"] = "plain") -> str:
        """The digest of a week, as HTML or as text."""
        return self._get(f"/v1/digests/{_part(week)}", headers={"Accept": f"text/{kind}"}).text

    def cells_csv(self) -> str:
        """Every released cell, as a table for a spreadsheet."""
        return self._get("/v1/cells.csv", headers={"Accept": "text/csv"}).text

    def interventions(self) -> Iterator[Done]:
        """What was done about pairs, oldest first."""
        yield from self._pages("/v1/interventions", "interventions")

    def intervene(self, from_team: str, about_team: str, when: date | str, description: str) -> Done:
        """Enter something done about a pair on a day, or in an ISO week.

        Raises:
            Refused: 409 where the pair has one in that week already.
        """
        body = {
            "from_team": from_team,
            "about_team": about_team,
            "date": when.isoformat() if isinstance(when, date) else when,
            "description": description,
        }
        found: Done = _object(self._ask("POST", "/v1/interventions", is_safe=False, **_json(body)), "week")
        return found

    def take_back(self, done: Done) -> None:
        """Take back an intervention that was entered."""
        where = "/".join(map(_part, (done["from_team"], done["about_team"], done["week"])))
        self._ask("DELETE", f"/v1/interventions/{where}", is_safe=True)

    def _get(self, path: str, **more: Any) -> httpx.Response:
        return self._ask("GET", path, is_safe=True, **more)

    def _pages(self, path: str, name: str) -> Iterator[Any]:
        cursor: str | None = None
        while True:
            body = _object(self._get(path, params={} if cursor is None else {"cursor": cursor}), name, "next")
            yield from body[name]
            cursor = body["next"]
            if cursor is None:
                return

    def _ask(self, method: str, path: str, *, is_safe: bool, **more: Any) -> httpx.Response:
        """The answer; asks again where that can do no harm."""
        tried = 0
        while True:
            tried += 1
            try:
                answer = self._http.request(method, path, **more)
            except httpx.RequestError as error:
                may_repeat = is_safe or isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
                if tried >= self._tries or not may_repeat:
                    raise Unreachable(f"No answer from the service ({type(error).__name__}).") from None
                time.sleep(_pause(tried))
                continue
            if answer.is_success:
                return answer
            if tried >= self._tries or answer.status_code not in (_BUSY if is_safe else (_EARLY,)):
                raise _refusal(answer)
            time.sleep(_said(answer.headers.get("retry-after"), tried))


def _pause(tried: int) -> float:
    """Seconds to wait after so many tries: a half, one, two ..."""
    return float(min(0.25 * 2**tried, LONGEST_WAIT))


def _said(retry_after: str | None, tried: int) -> float:
    """Seconds to wait as an answer says, a number of them or a moment (RFC 9110, 10.2.3)."""
    if retry_after is None:
        return _pause(tried)
    if retry_after.isascii() and retry_after.isdigit():
        return min(float(retry_after), LONGEST_WAIT)
    with suppress(ValueError, OverflowError):
        return min(max(0.0, parsedate_to_datetime(retry_after).timestamp() - time.time()), LONGEST_WAIT)
    return _pause(tried)


def _refusal(answer: httpx.Response) -> Refused:
    """The problem that an answer tells; one that is none (a proxy's page) is told by its status alone."""
    try:
        body = answer.json()
        return Refused(answer.status_code, body["type"], body["detail"], body.get("errors") or ())
    except (ValueError, LookupError, TypeError, AttributeError):
        return Refused(answer.status_code, "about:blank", answer.reason_phrase)


def _as_batch(answer: httpx.Response) -> Batch:
    found: Batch = _object(answer, "id", "state")
    return found


def _object(answer: httpx.Response, *fields: str) -> Any:
    """The object that an answer holds, with these fields.

    Raises:
        Unreachable: it holds none: a proxy's page, or another service.
    """
    with suppress(ValueError, RecursionError):
        found = answer.json()
        if isinstance(found, dict) and found.keys() >= set(fields):
            return found
    raise Unreachable("What answered is not the service, or of another version. Look at the address.")


def _json(body: Any) -> dict[str, Any]:
    """A request's content. Half a character is sent as it is escaped in JSON: the service says which row has it.

    Raises:
        UsageError: it is no JSON. Raised by itself: the error that led to it has in it what was to be sent.
    """
    with suppress(TypeError, ValueError, RecursionError):
        text = json.dumps(body, ensure_ascii=False, allow_nan=False)
        return {
            "content": text.encode("utf-8", "backslashreplace"),
            "headers": {"Content-Type": "application/json"},
        }
    raise UsageError("Something given is no JSON: text as str, and numbers that are some")


def _part(text: str) -> str:
    """A text as one part of a path.

    Raises:
        UsageError: it would lead elsewhere.
    """
    if text in ("", ".", ".."):
        raise UsageError("A team, a week or a batch was given that has no name")
    return quote(text, safe="", errors="replace")
