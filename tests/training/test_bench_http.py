"""The load's own arithmetic, over real connections; nothing here is timed."""

import asyncio
from dataclasses import replace

import pytest

from training.bench.http import report, servers
from training.bench.http.load import Load, Plan, Result

PLAN = Plan(
    port=0,
    path="/p",
    headers={"A": "b"},
    bodies=['{"n": 1}', '{"n": 2}'],
    connections=3,
    rate=None,
    warm=0.0,
    seconds=0.3,
)


async def _against(plan: Plan, answers: list[bytes]) -> tuple[Result, list[bytes]]:
    """The plan carried out on a server that gives these answers in turn; an empty one closes the connection."""
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await reader.readuntil(b"\r\n\r\n") if not reader.at_eof() else b""
            asked.append(head + await reader.readexactly(8))
            await asyncio.sleep(0.005)
            answer = answers[len(asked) % len(answers)]
            if not answer:
                break
            writer.write(answer[:10])
            await writer.drain()
            writer.write(answer[10:])
        writer.close()

    async def quietly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(quietly, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        result = await Load(replace(plan, port=port)).run()
        await asyncio.sleep(0.1)  # for the server to see that everybody has gone
    return result, asked


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
BUSY = b"HTTP/1.1 503 No\r\ncontent-length: 4\r\n\r\nbusy"


def test_a_closed_load_asks_again_when_it_is_answered() -> None:
    result, asked = asyncio.run(_against(PLAN, [OK, BUSY]))
    assert set(result.milliseconds) == {"200", "503"}
    assert result.unanswered == 0
    assert sum(map(len, result.milliseconds.values())) == result.sent <= len(asked)
    assert {request[-8:] for request in asked} == {b'{"n": 1}', b'{"n": 2}'}
    assert asked[0].startswith(b"POST /p HTTP/1.1\r\n")
    assert b"\r\nA: b\r\n" in asked[0]


def test_an_open_load_sends_at_its_rate_whatever_becomes_of_it() -> None:
    result, _ = asyncio.run(_against(replace(PLAN, rate=200.0, connections=100), [OK, OK, b""]))
    assert 30 < result.sent < 100
    assert 0 < result.unanswered < result.sent
    assert result.answered + result.unanswered == result.sent


def test_a_connection_that_the_server_closed_while_idle_is_not_used() -> None:
    async def closing_server() -> Result:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(8)
            writer.write(OK)
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            result = await Load(replace(PLAN, port=port, rate=20.0, connections=100, seconds=0.6)).run()
            await asyncio.sleep(0.1)
        return result

    result = asyncio.run(closing_server())
    assert result.sent > 3
    assert result.answered > result.unanswered


def test_percentiles() -> None:
    result = Result(seconds=2.0, milliseconds={"200": [float(i) for i in range(100)]}, sent=100, unanswered=0, core=0.1)
    assert (result.rate, result.percentile(0.5), result.percentile(0.99)) == (50.0, 50.0, 99.0)
    assert result.percentile(0.5, "503") == float("inf")


def test_every_request_of_the_load_is_a_text_of_its_own() -> None:
    rows = servers.rows(3)
    assert len(rows) == len({row["text"] for row in rows}) == 300


@pytest.mark.parametrize(("late", "word"), [(39.0, "met"), (41.0, "missed")])
def test_the_page_says_how_the_targets_stand(late: float, word: str) -> None:
    def result(rate: int, p99: float, **more: list[float]) -> Result:
        return Result(1.0, {"200": [p99] * rate} | more, rate + sum(map(len, more.values())), 0, 0.1)

    ours = servers.Server("friction serve", "pipeline", "as it comes", lambda _: [], "/", {}, lambda row: row)
    peer = replace(ours, name="LitServe")
    run = report.Run(
        quick=False, where="", comments=1, connections=64, seconds=1.0, candidates=1, passes=2.0, bounds=[410.0],
        results=[(ours, [result(200, 20.0)]), (peer, [result(100, 40.0)])], alone=result(10, 10.0),
        over=result(200, late, **{"503": [5.0, 7.0]}), over_rate=400.0, over_seconds=1.0,
        memory=[100.0, 104.0], starts=[1.5],
    )  # fmt: skip
    page = report.page(run)
    assert "| LitServe, pipeline | 2.0 (2.0 to 2.0) met | 0.50 (0.50 to 0.50) met |" in page
    assert f"over that of one connection | under 4 times | {late / 10:.1f} times | {word} |" in page
    assert "2 were refused (503), 0 had another answer, 0 had none" in page
    assert "| memory | flat | +4.0% | met |" in page
    assert "| from nothing to a first answer | under 2 s | 1.5 (1.5 to 1.5) s | met |" in page
