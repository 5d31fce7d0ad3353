"""``python -m memnet``: the command ``memnet``, for environments without it on the path."""

from memnet.launch import main

main()
