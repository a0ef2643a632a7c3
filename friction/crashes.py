"""What a crash writes down of a process's memory: nothing, since comments are in it (rule 14 of ``docs/privacy.md``).

Called first by the command, whose children inherit it, and by the workers of a cluster, which others start.
"""


def leave_no_core() -> None:
    """Let this process, and those that it starts, leave no core, neither in a file nor to a program of the system.

    One byte is less than any core. It is not 0, since Linux heeds no limit but 1 where ``core_pattern`` names a program
    (``coredump_pipe`` in ``fs/coredump.c``). Systems without such limits are left alone.
    """
    try:
        import resource
    except ImportError:
        return
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    allowed = 0 if most == 0 else 1
    resource.setrlimit(resource.RLIMIT_CORE, (allowed, allowed))
