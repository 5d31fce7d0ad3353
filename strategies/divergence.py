"""What is said of a training that diverged: what became of it, and the way out."""


def diverged(what: str, learning_rate: float) -> FloatingPointError:
    """Return the error to raise.

    Args:
        what: What is no longer finite, and where.
        learning_rate: The rate trained at; a third of it, the next of a table of rates, is what is advised.
    """
    return FloatingPointError(
        f"training diverged: {what}, at a learning rate of {learning_rate:g}; "
        f"a lower one may help (--set training.learning_rate={learning_rate / 3:.1g})"
    )
