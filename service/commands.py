"""Commands that ``service`` brings to ``friction``: ``digest``, ``weekly`` and ``serve``."""

import errno
import ipaddress
import socket
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from friction.commands import CONFIG, Config
from friction.errors import UsageError

if TYPE_CHECKING:
    from friction.records import Week
    from friction.settings import Settings

Out = Annotated[Path | None, typer.Option("--out", help="Folder to write to; by default friction-data/digests.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(digest)
    app.command()(weekly)
    app.command()(serve)


def digest(
    week: Annotated[str | None, typer.Option(help="Week of the digest; by default the last one released.")] = None,
    out: Out = None,
    config: Config = CONFIG,
) -> None:
    """Write the weekly digest as HTML and text."""
    from friction import settings as configuration
    from friction.records import Week

    write_digest(configuration.load(config), out, None if week is None else Week.parse(week))


def write_digest(settings: "Settings", out: Path | None, week: "Week | None" = None) -> None:
    """Render the digest of a released week into a folder, and say where it is."""
    from friction.model_folder import RELEASED, read_card
    from friction.store.releases import ReleaseStore
    from friction.trends import trends

    from .digest import render

    releases = ReleaseStore(settings.releases_address)
    last = releases.last_week()
    if last is None:
        raise UsageError("Nothing is released yet. Run friction release first.")
    week = week or last
    if week > last:
        raise UsageError(f"{week} is not released yet; the last released week is {last}")
    cells = [c for c in releases.cells() if c.last_week <= week]
    mail = render(trends(cells, read_card(RELEASED).errors), settings.directory, week, settings.digest.language)
    folder = out or settings.data / "digests"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for ending, content in (("html", mail.html), ("txt", mail.text)):
            (folder / f"{week}.{ending}").write_text(content, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"Cannot write the digest to {folder}: {error.strerror}. Give another --out.") from None
    print(f"{mail.subject}\nDigest written to {folder / f'{week}.html'} and .txt")


def weekly(out: Out = None, config: Config = CONFIG) -> None:
    """Read the inbox, release, write the digest: the one line for cron or a timer."""
    from friction import settings as configuration
    from friction.commands.ingesting import empty_inbox
    from friction.commands.releasing import release_weeks

    settings = configuration.load(config)
    unread: UsageError | None = None
    try:
        empty_inbox(settings)
    except UsageError as error:  # a bad file waits for its mend, and keeps no good one waiting
        unread = error
    release_weeks(settings)
    write_digest(settings, out)
    if unread is not None:
        raise unread


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on; loopback only.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=0, max=65535)] = 8642,
    config: Config = CONFIG,
) -> None:
    """Serve the API and the dashboard on this machine."""
    from friction import settings as configuration
    from friction.commands import build_pipeline
    from friction.store import keys
    from friction.store.operations import open_operations
    from friction.store.releases import ReleaseStore

    from .app import create_app
    from .guard import keep_out
    from .server import Server
    from .state import State

    if not _is_loopback(host):
        raise UsageError(f"{host} is not a loopback address. Access keys do not exist yet, so nobody else may connect.")
    settings = configuration.load(config, private=False)
    releases = ReleaseStore(settings.releases_address, create=not settings.has_releases())
    operations = open_operations(settings.operations_address)
    state = State(settings, build_pipeline(settings), releases, operations)
    keep_out(settings.releases_address, settings.operations_address)
    name = f"[{host}]" if ":" in host else host
    server = Server(create_app(state, host=name))
    with _listen(host, port) as listener, suppress(KeyboardInterrupt):
        print(f"friction on http://{name}:{listener.getsockname()[1]} (API at /docs); stop with Ctrl-C", flush=True)
        if not keys.some_hold(operations):
            _, secret = keys.create(operations, ["admin"], name="first")
            print(f"No key yet, so here is a first one, for everything. It is shown this once:\n{secret}", flush=True)
        server.run(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    """A socket that listens already, so that what is printed next is true.

    Raises:
        UsageError: the port is taken, or not to be had.
    """
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        why = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be listened on ({error.strerror})"
        raise UsageError(f"port {port} on {host} {why}; choose another with --port") from None


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
