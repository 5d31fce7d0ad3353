"""The one error that is the user's to mend."""


class UsageError(ValueError):
    """A request that can't be met as it stands. The message is one line: what was given, what is allowed, and the way out.

    The command line prints it and exits with 2; nothing has been written when it is raised.
    """
