"""Commands that ``service`` brings to ``friction``: ``digest``, ``weekly`` and ``serve``."""

import errno
import socket
import subprocess
import sys
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from friction.commands import CONFIG, Config, asked_week, raised_after
from friction.errors import UsageError

if TYPE_CHECKING:
    from friction.scorer import Scorer
    from friction.settings import Settings

Out = Annotated[Path | None, typer.Option("--out", help="Folder to write to; by default friction-data/digests.")]
MOST_AT_ONCE: Final = 4
"""Batches that are scored at once: a quarter of the work is Python, of which one process does one thing at a time."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(digest)
    app.command()(weekly)
    app.command()(serve)


def digest(
    week: Annotated[str | None, typer.Option(help="Week of the digest; by default the last one released.")] = None,
    out: Out = None,
    send: Annotated[bool, typer.Option("--send", help="Send it to the recipients who do not have it yet.")] = False,
    resend: Annotated[
        bool, typer.Option("--resend", help="As --send, and once more to those whom the server refused for good.")
    ] = False,
    to: Annotated[str | None, typer.Option(help="Send it to this address alone, as a trial.")] = None,
    status: Annotated[bool, typer.Option("--status", help="Only say who has it, and what is not known.")] = False,
    resubscribe: Annotated[
        str | None, typer.Option(help="Send digests again to this address, which wanted no more.")
    ] = None,
    config: Config = CONFIG,
) -> None:
    """Write the weekly digest as HTML, text and mail, or send it."""
    from friction import settings as configuration

    from .edition import open_edition, say_status, take_back

    if sum((send or resend, to is not None, status, resubscribe is not None)) > 1:
        raise UsageError("Choose one of --send, --resend, --to, --status and --resubscribe")
    if resubscribe is not None and (week is not None or out is not None):
        raise UsageError("--resubscribe stands alone; leave --week and --out out")
    settings = configuration.load(config)
    if resubscribe is not None:
        take_back(settings, resubscribe)
        return
    with open_edition(settings, asked_week(week, "--week")) as edition:
        if status:
            say_status(edition)
        elif to is not None:
            edition.try_out(to)
        elif send or resend:
            edition.send(refused_too=resend)
        if out is not None or not (status or to or send or resend):
            edition.write(out or settings.data / "digests")


def weekly(out: Out = None, config: Config = CONFIG) -> None:
    """Read the inbox, release, send the digest, or write it where there is nobody to send it to: one line for cron."""
    from friction import settings as configuration
    from friction.commands.releasing import release_weeks

    from .edition import is_anything_released

    settings = configuration.load(config)
    unread = _read_what_waits(config)
    with raised_after(unread):
        release_weeks(settings)
        if is_anything_released(settings):
            _tell(settings, out)
        else:
            print("There is no digest yet: nothing has been released so far.")


def _read_what_waits(config: Path) -> UsageError | None:
    """Read in a process of its own, so that a file that ends it keeps no release waiting; what went wrong, if it did.

    It says itself which files it could not read.
    """
    from friction.keeper import FRICTION

    logged = [] if sys.stdout.isatty() else ["--logged"]
    command = [*FRICTION, "ingest", "--inbox", *logged, "--config", str(config)]
    code = subprocess.run(command, check=False).returncode  # noqa: S603  # ourselves
    return UsageError(f"Not all that waited was read (the reading ended with {code})") if code else None


def _tell(settings: "Settings", out: Path | None) -> None:
    """Send the last week's digest, or write it; a folder that cannot be written keeps no mail back."""
    from .edition import can_send, open_edition

    unwritten = None
    with open_edition(settings) as edition:
        if out is not None or not can_send(settings):
            try:
                edition.write(out or settings.data / "digests")
            except UsageError as error:
                unwritten = error
        with raised_after(unwritten):
            if can_send(settings):
                edition.send()


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on; see docs/access.md for others.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=0, max=65535)] = 8642,
    tls_cert: Annotated[Path | None, typer.Option(help="Certificate, where no proxy ends TLS.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Its key.")] = None,
    worker: Annotated[bool, typer.Option("--worker", help="Also read the inbox and uploads, as they come.")] = False,
    config: Config = CONFIG,
) -> None:
    """Serve the API and the dashboard: on this machine, or to others over TLS."""
    from friction import settings as configuration
    from friction.keeper import kept_worker

    if worker:
        configuration.load(config)  # a mistake in it is told once, and not by every worker that is started
    with kept_worker(config) if worker else nullcontext():  # while this process knows where the private store is
        _serve(configuration.load(config, private=False), host, port, tls_cert, tls_key)


def _serve(settings: "Settings", host: str, port: int, tls_cert: Path | None, tls_key: Path | None) -> None:
    from friction.processor import cores
    from friction.scorer import Scorer

    threads = min(cores(), MOST_AT_ONCE)
    with Scorer(settings, threads=threads) as scorer:  # it loads the model while the rest is loaded here
        _answer(settings, scorer, host, port, tls_cert, tls_key)


def _answer(
    settings: "Settings", scorer: "Scorer", host: str, port: int, tls_cert: Path | None, tls_key: Path | None
) -> None:
    from friction.guard import keep_out
    from friction.store import keys
    from friction.store.operations import open_operations
    from friction.store.releases import ReleaseStore

    from .app import create_app
    from .reach import check_certificate, require_safe
    from .server import Server
    from .state import State

    tls = check_certificate(tls_cert, tls_key)
    operations = open_operations(settings.operations_address)
    has_key = settings.oidc is not None or keys.some_hold(operations)
    require_safe(host, settings.service, tls=tls, has_key=has_key)
    _require_room_for_uploads(settings)
    releases = ReleaseStore(settings.releases_address, create=not settings.has_releases())
    scorer.wait()
    state = State(settings, scorer, releases, operations)
    keep_out(settings.releases_address, settings.operations_address)
    name = f"[{host}]" if ":" in host else host
    server = Server(
        create_app(state, host=name, tls=tls), proxies=settings.service.proxies, certificate=tls_cert, key=tls_key
    )
    with _listen(host, port) as listener, suppress(KeyboardInterrupt):
        url = f"{'https' if tls else 'http'}://{name}:{listener.getsockname()[1]}"
        known = "" if settings.public_url is None else f", for {settings.public_url}"
        print(f"friction on {url}{known} (API at /docs); stop with Ctrl-C", flush=True)
        if not has_key:
            _, secret = keys.create(operations, ["admin"], name="first")
            print(f"Nobody has a key yet, so here is a first one, for everything. It is shown this once:\n{secret}")
            print(f"Sign in with it at {url}/sign-in, or send it as Authorization: Bearer KEY.", flush=True)
        server.run(sockets=[listener])


def _require_room_for_uploads(settings: "Settings") -> None:
    """Refuse to start where uploads could never be kept; a disk that is full is one that may be emptied.

    Raises:
        UsageError: the folder cannot be written.
    """
    from friction.spool import FULL, Spool

    try:
        Spool(settings.spool).try_out()
    except OSError as error:
        if error.errno not in FULL:
            raise UsageError(
                f"Uploads cannot be kept in {settings.spool}: {error.strerror}. Let this user write there, or name "
                "another folder: [service] uploads"
            ) from None


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
