"""The inputs of models that predict by what followed a token earlier."""

from baselines.interface import Signature
from results.errors import UsageError


def shared_vocabulary(signature: Signature, model: str) -> int:
    """Return the number of token types, if inputs and targets are tokens of one vocabulary.

    Args:
        signature: Inputs and outputs of the benchmark.
        model: The model's name, for the message.

    Raises:
        UsageError: If they are not: only a token can follow another.
    """
    if signature.vocabulary is None or signature.outputs != signature.vocabulary:
        raise UsageError(
            f"model '{model}' needs tokens in and the same tokens out, not {signature.features} "
            f"features or {signature.vocabulary} token "
            f"types in and {signature.outputs} classes out: leave it out here, or choose a task "
            "whose targets are tokens"
        )
    return signature.vocabulary
