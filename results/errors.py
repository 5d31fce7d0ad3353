"""The errors that have a meaning beyond the module that raises them."""


class UsageError(ValueError):
    """A request that can't be met as it stands.

    The message is one line: what was given, what is allowed, and the way out.

    The command line prints it and exits with 2; nothing has been written when it is raised.
    """


class Damaged(ValueError):
    """A record that can't be read: not JSON, not of the schema, or changed since it was written.

    It is set aside and counts as missing.
    """


class Newer(UsageError):
    """A record of a schema that this version does not know.

    It is no damage: it stays where it is, and the command ends.
    """
