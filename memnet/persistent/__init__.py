"""The memory that survives between samples."""
