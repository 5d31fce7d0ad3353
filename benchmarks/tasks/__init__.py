"""Long-dependency tasks, a file each; the file name is the task's name."""
