"""Errors that are caught outside the module that raises them."""


class UsageError(ValueError):
    """A request that cannot be carried out.

    The message is one line: what was given, what is allowed, and the way out.

    The command line prints it and exits with 2. Nothing has been written when it is raised.
    """


class Damaged(ValueError):
    """A record that cannot be read: not JSON, not of the schema, or changed after writing.

    The store sets it aside and counts it as missing.
    """


class Newer(UsageError):
    """A record of a schema newer than this version.

    The record is not damaged: the store leaves it in place, and the command ends.
    """
