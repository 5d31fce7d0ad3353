"""Task-shift streams, a file each; the file name is the stream's name."""
