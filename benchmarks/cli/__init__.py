"""The ``memnet`` command: one file per subcommand."""
