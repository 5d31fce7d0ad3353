"""The folder of records and its locks."""
