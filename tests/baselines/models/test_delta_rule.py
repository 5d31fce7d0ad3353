"""The delta rule in chunks against a plain loop over steps, and against hand-computed cases."""

from functools import partial
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from baselines.interface import Signature, state_bytes
from baselines.models import delta_rule, gated_delta_rule
from baselines.models._delta import delta_rule as rule

CHUNKS = (1, 4, 7, 16, 64)
KEY, VALUE = 5, 3


def loop(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    strength: Tensor,
    log_decay: Tensor | None,
    memory: Tensor,
) -> tuple[Tensor, Tensor]:
    """The recurrence of the papers, with S as values × keys.

    ``S_t = α_t S_{t−1} (I − β_t k_t k_tᵀ) + β_t v_t k_tᵀ``, ``o_t = S_t q_t``
    """
    memory = memory.transpose(-1, -2)
    outputs = []
    for t in range(query.shape[2]):
        k, v, beta = key[:, :, t], value[:, :, t], strength[:, :, t, None, None]
        alpha = 1.0 if log_decay is None else log_decay[:, :, t, None, None].exp()
        erased = torch.eye(k.shape[-1], dtype=k.dtype) - beta * k.unsqueeze(-1) * k.unsqueeze(-2)
        memory = alpha * memory @ erased + beta * v.unsqueeze(-1) * k.unsqueeze(-2)
        outputs.append((memory @ query[:, :, t].unsqueeze(-1)).squeeze(-1))
    return torch.stack(outputs, dim=2), memory.transpose(-1, -2)


def drawn(decaying: bool, length: int = 23) -> list[Any]:
    generator = torch.Generator().manual_seed(0)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    query, key = (functional.normalize(normal(2, 3, length, KEY), dim=-1) for _ in range(2))
    strength, log_decay = (
        normal(2, 3, length).sigmoid(),
        functional.logsigmoid(normal(2, 3, length)),
    )
    return [
        query,
        key,
        normal(2, 3, length, VALUE),
        strength,
        log_decay if decaying else None,
        normal(2, 3, KEY, VALUE),
    ]


@pytest.mark.parametrize("chunk", CHUNKS)
@pytest.mark.parametrize("decaying", [False, True])
def test_chunks_equal_loop(decaying: bool, chunk: int) -> None:
    inputs = drawn(decaying)
    for found, expected in zip(rule(*inputs, chunk=chunk), loop(*inputs), strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("chunk", [4, 16])
@pytest.mark.parametrize("decaying", [False, True])
def test_gradients_equal_loop(decaying: bool, chunk: int) -> None:
    grads = []
    for run in (partial(rule, chunk=chunk), loop):
        inputs = [None if tensor is None else tensor.requires_grad_() for tensor in drawn(decaying)]
        outputs, memory = run(*inputs)
        (outputs.sin().sum() + memory.cos().sum()).backward()
        grads.append([tensor.grad for tensor in inputs if tensor is not None])
    for found, expected in zip(*grads, strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-9)


def along(*values: float) -> Tensor:
    """One sequence of one head, a step for each value."""
    return torch.tensor(values, dtype=torch.float32).view(1, 1, -1, 1)


def test_repeated_key_corrects_its_value() -> None:
    """3 is written in full.

    The next write goes half of the way to 1, which gives 2. A decay by half leaves 1, and a quarter
    of the way to 5 gives 2.
    """
    one, log_decay = along(1, 1, 1), torch.tensor([1.0, 1.0, 0.5]).log().view(1, 1, 3)
    strength = torch.tensor([1.0, 0.5, 0.25]).view(1, 1, 3)
    outputs, memory = rule(
        one, one, along(3, 1, 5), strength, log_decay, torch.zeros(1, 1, 1, 1), chunk=16
    )
    torch.testing.assert_close(outputs, along(3, 2, 2))
    torch.testing.assert_close(memory, along(2))


def test_orthogonal_keys_do_not_interfere() -> None:
    keys = torch.eye(2)[[0, 1, 1, 0]].view(1, 1, 4, 2)
    strength = torch.tensor([1.0, 1.0, 0.0, 0.0]).view(1, 1, 4)
    outputs, _ = rule(
        keys, keys, along(3, 7, 0, 0), strength, None, torch.zeros(1, 1, 2, 1), chunk=4
    )
    torch.testing.assert_close(outputs, along(3, 7, 7, 3))


def test_equal_keys_lose_no_precision() -> None:
    """With 64 equal keys, powers of the matrix grow to 10^18.

    Its inverse has no entry above 1.
    """
    value = torch.randn(1, 1, 64, 1, generator=torch.Generator().manual_seed(0))
    one = torch.ones(1, 1, 64, 1)
    outputs, _ = rule(
        one, one, value, torch.ones(1, 1, 64), None, torch.zeros(1, 1, 1, 1), chunk=64
    )
    torch.testing.assert_close(outputs, value)


def test_strong_decay_leaves_last_write_and_finite_gradients() -> None:
    query, key, value, strength, _, memory = (
        tensor.float() for tensor in drawn(True) if tensor is not None
    )
    log_decay = torch.full((2, 3, 23), -1e4).requires_grad_()
    outputs, _ = rule(query, key, value, strength, log_decay, memory, chunk=16)
    torch.testing.assert_close(
        outputs, strength.unsqueeze(-1) * (query * key).sum(-1, keepdim=True) * value
    )
    (grad,) = torch.autograd.grad(outputs.sum(), log_decay)
    assert grad.isfinite().all()


def test_empty_piece_changes_nothing() -> None:
    inputs = drawn(True, length=0)
    outputs, memory = rule(*inputs, chunk=16)
    assert outputs.shape == (2, 3, 0, VALUE)
    torch.testing.assert_close(memory, inputs[-1], rtol=0, atol=0)


@pytest.mark.parametrize(
    "module", [delta_rule, gated_delta_rule], ids=["delta-rule", "gated-delta-rule"]
)
def test_chunk_is_a_speed_setting(module: ModuleType) -> None:
    inputs = torch.randint(11, (2, 150), generator=torch.Generator().manual_seed(0))
    found = []
    for chunk in (1, 16, 50):
        torch.manual_seed(0)
        config = module.Config(width=16, heads=2, key_width=8, value_width=4, inner=8, chunk=chunk)
        model = module.build(config, Signature(vocabulary=11, outputs=11, length=150)).double()
        found.append(model(inputs).logits)
    torch.testing.assert_close(found[1], found[0])
    torch.testing.assert_close(found[2], found[0])


@pytest.mark.parametrize(
    ("heads", "key_width", "value_width"), [(1, 32, 64), (2, 32, 32), (1, 64, 64), (2, 128, 128)]
)
def test_state_size_follows_options(heads: int, key_width: int, value_width: int) -> None:
    config = delta_rule.Config(heads=heads, key_width=key_width, value_width=value_width)
    model = delta_rule.build(config, Signature(vocabulary=11, outputs=11, length=24))
    memory = config.layers * heads * key_width * value_width
    context = config.layers * 3 * heads * (2 * key_width + value_width)
    assert state_bytes(model.initial_state(5)) == 5 * 4 * (memory + context)


def test_only_gated_rule_decays_and_initially_slowly() -> None:
    signature = Signature(vocabulary=11, outputs=11, length=24)
    plain = delta_rule.build(delta_rule.Config(), signature)
    gated = gated_delta_rule.build(gated_delta_rule.Config(), signature)
    assert {name.split("decay.")[1] for name, _ in gated.named_parameters() if "decay" in name} == {
        "log_rate",
        "step.weight",
        "step.bias",
    }
    assert not [name for name, _ in plain.named_parameters() if "decay" in name]
    decays = [
        module(torch.zeros(1, 1, 64))
        for name, module in gated.named_modules()
        if name.endswith("decay")
    ]
    assert len(decays) == 2
    for log_decay in decays:
        torch.testing.assert_close(log_decay, torch.full_like(log_decay, -0.001))


@pytest.mark.parametrize("options", [{"heads": 0}, {"key_width": 0}, {"chunk": 0}, {"inner": -1}])
@pytest.mark.parametrize(
    "module", [delta_rule, gated_delta_rule], ids=["delta-rule", "gated-delta-rule"]
)
def test_invalid_options_are_an_error(module: ModuleType, options: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(options))} = "):
        module.Config(**options)
