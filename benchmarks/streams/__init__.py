"""Task-shift streams, one file each; the file name is the stream's name."""
