"""How long the fuzzers run: little in the suite, long and within limits with ``make fuzz``."""

import resource
from pathlib import Path

from hypothesis import HealthCheck, settings

settings.register_profile("suite", max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("fuzz", max_examples=60_000, deadline=None, suppress_health_check=list(HealthCheck))
MEMORY = 1 << 30


def pytest_configure() -> None:
    """What a parser may take beside what the interpreter has already: with ``make fuzz`` only."""
    if settings.get_current_profile_name() == "fuzz":
        now = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (now + MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))
