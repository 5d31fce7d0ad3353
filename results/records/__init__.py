"""The cell, the record that it leaves, and the manifest of a suite."""
