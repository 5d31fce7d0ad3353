"""What a reader sees. Imports `results` alone."""
