"""Numbers of a report, computed from records."""
