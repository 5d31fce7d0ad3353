"""The `memnet` command, a file per subcommand."""
