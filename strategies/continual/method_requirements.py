"""What methods require of their options and of the stream; other requests are refused."""

from results.errors import UsageError
from strategies.continual.stream import Stream


def require_positive(method: str, **options: int) -> None:
    """Refuse options of a method below 1, with which it would do nothing.

    Args:
        method: Name of the method.
        options: Values by name.

    Raises:
        UsageError: If one is below 1.
    """
    for name, value in options.items():
        if value < 1:
            raise UsageError(
                f"method '{method}' does nothing with {name} = {value}: give at least {name}=1"
            )


def require_at_least(method: str, bound: float, **options: float) -> None:
    """Refuse options of a method below a bound, such as negative weights of losses.

    Args:
        method: Name of the method.
        bound: The smallest allowed value.
        options: Values by name.

    Raises:
        UsageError: If one is below the bound, or not a number.
    """
    for name, value in options.items():
        if not value >= bound:
            raise UsageError(f"method '{method}': {name} = {value} must be at least {bound:g}")


def require_above_zero(method: str, **options: float) -> None:
    """Refuse options of a method that must be greater than 0, such as temperatures.

    Args:
        method: Name of the method.
        options: Values by name.

    Raises:
        UsageError: If one is not greater than 0.
    """
    for name, value in options.items():
        if not value > 0:
            raise UsageError(f"method '{method}': {name} = {value} must be greater than 0")


def require_boundaries(
    stream: Stream, method: str, because: str = "needs to know where an experience ends"
) -> None:
    """Refuse online streams for a method that needs whole experiences.

    Args:
        stream: The stream.
        method: Name of the method, or of its option.
        because: Why it needs task boundaries.

    Raises:
        UsageError: If the stream is online.
    """
    if stream.schedule.online:
        raise UsageError(
            f"method '{method}' {because}, and a stream with online = {stream.schedule.online} has "
            "no task boundaries: use er, er-ace, er-compressed, er-lossy, er-encoder, "
            "latent-replay, a-gem, der-plus-plus, generative-classifier, slda, ridge, ridge-slots "
            "or memnet, or leave online out"
        )
