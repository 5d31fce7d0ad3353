"""The previous-token memory against a plain loop."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from baselines.interface import Signature, state_bytes
from baselines.models.token_memory import Config, TokenMemory

SIGNATURE = Signature(vocabulary=7, outputs=7, length=20)


def model(slots: int, reads: int) -> TokenMemory:
    torch.manual_seed(0)
    return TokenMemory(
        Config(width=8, slots=slots, key_width=4, reads=reads, inner=6), SIGNATURE
    ).double()


def tokens(length: int) -> Tensor:
    return torch.randint(7, (2, length), generator=torch.Generator().manual_seed(1))


def loop(built: TokenMemory, inputs: Tensor) -> Tensor:
    """Logits, step by step over a list of pairs that drops the oldest."""
    hidden = built.encoder(inputs)
    temperatures = built.log_temperature.exp()
    pairs: list[tuple[Tensor, Tensor]] = []
    rows = []
    for t in range(inputs.shape[1]):
        previous = hidden[:, t - 1] if t else torch.zeros_like(hidden[:, 0])
        pairs = [
            *pairs,
            (functional.normalize(built.key(previous), dim=-1), built.value(hidden[:, t])),
        ][-built.config.slots - 1 :]
        keys, values = (torch.stack(parts, dim=1) for parts in zip(*pairs, strict=True))
        queried, found = hidden[:, t], []
        for query, temperature in zip(built.queries, temperatures, strict=True):
            scores = temperature * torch.einsum(
                "bk,bnk->bn", functional.normalize(query(queried), dim=-1), keys
            )
            queried = torch.einsum("bn,bnd->bd", scores.softmax(dim=-1), values)
            found.append(queried)
        mixed = hidden[:, t] + built.out(torch.cat(found, dim=-1))
        assert built.mlp is not None
        assert built.norm is not None
        mixed = mixed + built.mlp(built.norm(mixed))
        rows.append(built.head(mixed.unsqueeze(1)))
    return torch.cat(rows, dim=1)


@pytest.mark.parametrize("reads", [1, 2])
@pytest.mark.parametrize("slots", [1, 5, 40])
def test_model_equals_loop_over_pairs(slots: int, reads: int) -> None:
    built, inputs = model(slots, reads), tokens(20)
    torch.testing.assert_close(built(inputs).logits, loop(built, inputs), rtol=1e-10, atol=1e-10)


def test_dropped_pair_has_no_effect() -> None:
    """Token 3 is in the pairs of steps 3 and 4.

    With 5 earlier pairs, step 9 still sees the pair of step 4, and step 10 does not.
    """
    built, inputs = model(5, 2), tokens(20)
    other = inputs.clone()
    other[:, 3] = (other[:, 3] + 1) % 7
    same = (built(inputs).logits == built(other).logits).all(dim=-1).all(dim=0)
    assert same[:3].all()
    assert not same[3:10].any()
    assert same[10:].all()


def test_untrained_query_finds_successor() -> None:
    torch.manual_seed(0)
    built = TokenMemory(Config(reads=1), Signature(vocabulary=64, outputs=64, length=64))
    inputs = torch.cat(
        [torch.randperm(64, generator=torch.Generator().manual_seed(0)), torch.tensor([5])]
    ).unsqueeze(0)
    hidden = built.encoder(inputs)
    keys = functional.normalize(built.key(functional.pad(hidden[:, :-1], (0, 0, 1, 0))), dim=-1)
    weights = built._read(hidden, keys, torch.eye(65).unsqueeze(0))[0][0, -1]
    assert int(weights.argmax()) == int((inputs[0, :-1] == 5).nonzero()) + 1
    torch.testing.assert_close(weights.sum(), torch.tensor(1.0))


def test_state_is_keys_values_and_last_token() -> None:
    built = model(5, 2).float()
    state = built(tokens(20)).state
    assert state_bytes(state) == 2 * 4 * (5 * (4 + 8) + 8)


@pytest.mark.parametrize("options", [{"reads": 3}, {"slots": 0}, {"inner": -1}])
def test_invalid_options_are_an_error(options: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(options))} = "):
        Config(**options)
