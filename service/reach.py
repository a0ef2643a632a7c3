"""Who can reach the process: what must hold before it listens. Called by ``friction serve``."""

import ssl
from pathlib import Path
from urllib.parse import urlsplit

from friction.errors import UsageError
from friction.settings.reading import is_loopback
from friction.settings.sections import ServiceSection

_FIRST = "Nobody has a key that holds. Make one first: friction keys create --scope admin"


def require_safe(host: str, service: ServiceSection, *, tls: bool, has_key: bool) -> None:
    """Hold an address that others reach to TLS and to keys, made where nobody looks on.

    Args:
        host: the address to listen on.
        service: ``[service]``.
        tls: whether this process has a certificate.
        has_key: whether anybody has a key that holds.

    Raises:
        UsageError: it would listen without; says what to do next.
    """
    if is_loopback(host) and service.public_url is None:
        return
    if urlsplit(service.public_url or "").scheme != "https":
        raise UsageError(
            f"{host} is not a loopback address, or is reached from elsewhere. Say under which name: "
            '[service] public_url = "https://friction.example.org". See docs/access.md.'
        )
    if not (tls or service.proxies):
        raise UsageError(
            "Keys would cross the network in the clear. Name the proxy that ends TLS, [service] proxies = "
            '["127.0.0.1"], or give --tls-cert and --tls-key. See docs/access.md.'
        )
    if not has_key:
        raise UsageError(_FIRST)


def check_certificate(certificate: Path | None, key: Path | None) -> bool:
    """Whether there is a certificate, which is one.

    Raises:
        UsageError: only one of the two files is given, or they cannot be used.
    """
    if certificate is None and key is None:
        return False
    if certificate is None or key is None:
        raise UsageError("Give --tls-cert and --tls-key together")
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(certificate, key)
    except OSError as error:
        why = getattr(error, "reason", None) or error.strerror
        raise UsageError(f"Cannot use the certificate {certificate} with the key {key}: {why}") from None
    return True
