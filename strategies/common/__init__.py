"""Parts that sequence training and task-shift training share."""
