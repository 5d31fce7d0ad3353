"""The cell, its record, and the manifest of a suite."""
