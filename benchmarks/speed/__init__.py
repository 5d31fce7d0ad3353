"""Speed: CPU seconds of several training loops for the same work, in one run."""
