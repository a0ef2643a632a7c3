"""How a read is answered: made once, with a tag, and not sent again to whoever has it already.

What is released never changes and more comes about once a week, so that an answer may be kept, and is asked for again
each time (``must-revalidate``): that costs a few hundred bytes, and a key that was revoked gets nothing more. Only its
caller may keep it (``private``, ``Vary``), since a key may be bound to a team.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from fastapi import HTTPException, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from .released import View
from .state import state_of

JSON: Final = "application/json"
_KEEP: Final = {"Cache-Control": "private, max-age=0, must-revalidate", "Vary": "Authorization, Cookie"}
_QUALITY: Final = re.compile(r"0(\.[0-9]{0,3})?|1(\.0{0,3})?")
Work = Callable[[], "Body"]


@dataclass(frozen=True, slots=True)
class Body:
    """An answer's bytes and what they are."""

    content: bytes
    media_type: str
    tag: str

    @classmethod
    def of(cls, content: str, media_type: str = JSON) -> "Body":
        """A body, with a tag that its bytes alone decide."""
        data = content.encode()
        return cls(data, media_type, f'"{sha256(data).hexdigest()[:32]}"')

    def __len__(self) -> int:
        return len(self.content)


async def view_of(request: Request) -> View:
    """The view of what is released; looked for in a thread where it is not at hand."""
    state = state_of(request)
    return await state.released.soon(state.view)


async def made(
    view: View,
    key: tuple[object, ...],
    make: Callable[[], Body],
    do: Callable[[Work], Awaitable[Body]] = run_in_threadpool,
) -> Body:
    """What ``make`` makes of the view; the first time in a thread, which ``do`` finds."""
    kept = view.kept(key)
    return kept if isinstance(kept, Body) else await do(lambda: view.once(key, make))


def answer(request: Request, body: Body, *, vary: str = "") -> Response:
    """The body, or 304 where the caller has it."""
    headers = _headers(body.tag, vary)
    if _has(request, body.tag):
        return Response(status_code=304, headers=headers)
    return Response(body.content, media_type=body.media_type, headers=headers)


def stream(request: Request, content: Callable[[], AsyncIterator[str]], media_type: str, tag: str) -> Response:
    """An answer too long to hold, or 304 where the caller has it; ``content`` is only asked for where it is sent."""
    headers = _headers(tag, "")
    if _has(request, tag):
        return Response(status_code=304, headers=headers)
    return StreamingResponse(content(), media_type=media_type, headers=headers)


def _headers(tag: str, vary: str) -> dict[str, str]:
    return _KEEP | {"ETag": tag} | ({"Vary": f"{_KEEP['Vary']}, {vary}"} if vary else {})


def _has(request: Request, tag: str) -> bool:
    """Whether If-None-Match names the tag, compared weakly (RFC 9110, 13.1.2)."""
    named = [t.strip().removeprefix("W/") for t in ",".join(request.headers.getlist("if-none-match")).split(",")]
    return tag in named or named == ["*"]


def preferred(request: Request, offered: Sequence[str]) -> str:
    """Which media type the caller likes best (RFC 9110, 12.5.1); the first of those offered where it is all one.

    Raises:
        HTTPException: 406, it takes none of them.
    """
    asked = ",".join(request.headers.getlist("accept")) or "*/*"
    ranges = [_range(part) for part in asked.split(",") if part.strip()]
    liked = {kind: max((r[:2] for r in ranges if _fits(r[2], kind)), default=(0, 0.0))[1] for kind in offered}
    best = max(offered, key=lambda kind: liked[kind])
    if not liked[best]:
        raise HTTPException(406, f"Given here: {', '.join(offered)}.")
    return best


def _range(part: str) -> tuple[int, float, str]:
    """A media range: how specific it is, how much it is liked, and which types it takes."""
    kind, *parameters = (p.strip().lower() for p in part.split(";"))
    quality = next((p[2:] for p in parameters if p.startswith("q=")), "1")
    q = float(quality) if _QUALITY.fullmatch(quality) else 0.0
    return (0 if kind == "*/*" else 1 if kind.endswith("/*") else 2), q, kind


def _fits(range_: str, kind: str) -> bool:
    return range_ in ("*/*", kind) or (range_.endswith("/*") and kind.startswith(range_[:-1]))
