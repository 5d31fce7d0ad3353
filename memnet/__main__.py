"""``python -m memnet``: the ``memnet`` command, where it is not on the path."""

from memnet.launch import main

main()
