"""Speed: seconds of several models or training loops for the same work, in one run."""
