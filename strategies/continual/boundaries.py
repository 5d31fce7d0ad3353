"""What is refused where no boundaries between experiences are told."""

from results.errors import UsageError
from strategies.continual.stream import Stream


def require_boundaries(stream: Stream, method: str, because: str = "must be told where an experience ends") -> None:
    """Refuse a method that does something when an experience is over which makes no sense after a handful of samples.

    Args:
        stream: The stream.
        method: Name of the method, or of its option.
        because: What it needs them for.

    Raises:
        UsageError: If the stream is online.
    """
    if stream.pace.online:
        raise UsageError(
            f"method '{method}' {because}, and online = {stream.pace.online} tells no boundaries: "
            "use er, er-compressed, er-encoder, latent-replay, a-gem, der-plus-plus or memnet, or leave online out"
        )
