"""The contract of models (`baselines.interface`).

Shapes: ``B`` batch, ``T`` time, ``F`` features, ``P`` query positions, ``V`` output classes.
"""

from typing import Any

import torch
from torch.nn import functional

from baselines.interface import (
    SequenceModel,
    Signature,
    check_output,
    map_state,
    state_bytes,
)
from benchmarks.checks.common import options, summary
from benchmarks.checks.model_inputs import (
    FEATURE_INPUTS,
    TOKEN_INPUTS,
    accepts,
    as_inputs,
    build,
    loss_of,
    signature_of,
    tokens,
)
from benchmarks.checks.rule import BrokenRuleError, Case, expect, expect_close, rule
from results.error_text import one_line
from results.errors import UsageError
from strategies.common.unsaved_attributes import Attributes

MODEL_SIZES = ("width", "layers", "heads", "window", "slots", "chunk", "hidden", "span")
"""Names of options that are at least 1."""

OVERFIT_STEPS, OVERFIT_LOSS = 100, 0.3
"""Steps on one batch of 2 sequences, and the loss to reach; that of guessing is 2.4."""


@rule(
    "the model reads tokens and features, or refuses one of them by its fact INPUTS",
    'use memnet.encoder.Encoder, or write INPUTS = ("tokens",) and raise UsageError in build',
)
def reads_tokens_and_features(case: Case) -> None:
    """Build the model for tokens and for features, and read both."""
    last = torch.full((6, 1), 7)
    for kind, signature in (("tokens", TOKEN_INPUTS), ("features", FEATURE_INPUTS)):
        if not accepts(case, kind):
            _expect_refusal(case, kind, signature)
            continue
        model = build(case, signature)
        if kind == "tokens":
            output, shape = model(tokens()), (4, 24, 11)
        else:
            output, shape = model(torch.randn(6, 8, 5), positions=last), (6, 1, 3)
        found = tuple(output.logits.shape)
        expect(found == shape, f"logits on {kind} are of shape {found}, expected {shape}")


def _expect_refusal(case: Case, kind: str, signature: Signature) -> None:
    try:
        build(case, signature)
    except UsageError as error:
        expect(
            case.entry.name in str(error),
            f"the refusal of {kind} does not name '{case.entry.name}': {one_line(error)}",
        )
        return
    raise BrokenRuleError(f"INPUTS has no {kind}, and build accepts them")


@rule(
    "a size below 1 is a ValueError that names the option",
    "call baselines.interface.check_positive in Config.__post_init__ with every size of the model, "
    "such as width=self.width",
)
def sizes_are_positive(case: Case) -> None:
    """Set each size to 0."""
    for name in sorted(case.option_names & set(MODEL_SIZES)):
        try:
            case.config(**{name: 0})
        except ValueError as error:
            expect(
                f"{name} = 0 must be at least 1" in str(error),
                f"the error does not say '{name} = 0 must be at least 1': {one_line(error)}",
            )
            continue
        raise BrokenRuleError(f"Config({name}=0) is accepted")


@rule(
    "the logits are those of the query positions, and the state is batch-first",
    "select them with memnet.encoder.at_positions(outputs, positions)",
)
def logits_are_at_query_positions(case: Case) -> None:
    """Compare logits at some positions with those at all positions."""
    model, given = build(case, signature_of(case)).eval(), as_inputs(case, tokens())
    positions = torch.tensor([[3, 0, 23, 3]]).expand(4, -1)
    with torch.no_grad():
        everywhere = model(given)
        queried, none = model(given, positions=positions), model(given, positions=positions[:, :0])
    check_output(queried, positions)
    expected = everywhere.logits[:, [3, 0, 23, 3]]
    expect_close("logits", queried.logits, expected, relative=1e-4, absolute=1e-5)
    shape = tuple(none.logits.shape)
    expect(shape == (4, 0, 11), f"logits at no position are of shape {shape}, expected (4, 0, 11)")


@rule(
    "the gradients are finite and reach more than half of the parameters",
    "remove parameters that no output uses, and operations without a finite gradient",
)
def gradients_are_finite(case: Case) -> None:
    """Compute the gradients of one batch."""
    model, given = build(case, signature_of(case)), tokens()
    output = model(as_inputs(case, given), generator=torch.Generator().manual_seed(0))
    torch.autograd.backward(loss_of(model, output, given))
    grads = {name: parameter.grad for name, parameter in model.named_parameters()}
    for name, grad in grads.items():
        expect(grad is None or bool(grad.isfinite().all()), f"the gradient of {name} is not finite")
    unused = [name for name, grad in grads.items() if grad is None or not bool(grad.any())]
    few = len(unused) < 0.5 * len(grads) or not grads
    expect(few, f"no gradient reaches {len(unused)} of {len(grads)}: {', '.join(unused[:3])}, …")


@rule(
    "the model trains and streams in bfloat16 (memnet run --precision bfloat16)",
    "create tensors in the type of the inputs or parameters (x.new_zeros), not in a fixed type",
)
def half_precision_works(case: Case) -> None:
    """Train on two pieces under autocast; adapters of other packages are exempt."""
    if case.entry.requires:
        return
    model, given = build(case, signature_of(case)), as_inputs(case, tokens())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        first = model(given[:, :12])
        second = model(given[:, 12:], first.state)
        torch.autograd.backward(loss_of(model, second, tokens()[:, 12:]))
    for name, parameter in model.named_parameters():
        finite = parameter.grad is None or bool(parameter.grad.isfinite().all())
        expect(finite, f"the gradient of {name} is not finite")


@rule(
    "the model overfits one batch",
    "check that training mode and gradients work; a model with few weights has OVERFITS = False",
)
def overfits_one_batch(case: Case) -> None:
    """Train on one batch until its loss is small."""
    if not case.entry.source.facts.get("OVERFITS", True):
        return
    model, given = build(case, signature_of(case)), tokens(2, 16)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    model.train()
    for _ in range(OVERFIT_STEPS):
        output = model(as_inputs(case, given[:, :-1]))
        optimizer.zero_grad()
        torch.autograd.backward(loss_of(model, output, given[:, 1:]))
        optimizer.step()
    logits = output.logits.detach().flatten(0, 1)
    loss = float(functional.cross_entropy(logits, given[:, 1:].flatten()))
    expect(
        loss < OVERFIT_LOSS,
        f"after {OVERFIT_STEPS} steps the loss is {loss:.2f}, expected below {OVERFIT_LOSS}",
    )


@rule(
    "a sequence in pieces gives the logits and the size of state of the whole sequence",
    "carry everything from piece to piece in the state, or set streaming and segment or longest",
)
def pieces_equal_whole_sequence(case: Case) -> None:
    """Read a sequence whole and in pieces, in double precision."""
    model = build(case, signature_of(case)).eval().double()
    length = 3 * max(model.segment, 40)
    if model.longest is not None:
        length = min(length, model.longest)
    given = tokens(2, length)
    cut = model.segment if model.streaming == "segment" else 13
    state: Any = None
    pieces = []
    with torch.no_grad():
        whole = model(as_inputs(case, given))
        for piece in given.split(cut, dim=1):
            output = model(as_inputs(case, piece), state)
            state = output.state
            pieces.append(output.logits)
    found = torch.cat(pieces, dim=1)
    expect_close("logits of pieces", found, whole.logits, relative=1e-7, absolute=1e-7)
    sizes = state_bytes(state), state_bytes(whole.state)
    expect(sizes[0] == sizes[1], f"the state has {sizes[0]} bytes in pieces, {sizes[1]} whole")


@rule(
    "copies of a state give the same answers and leave the state unchanged",
    "return a new state from forward; write to no tensor of the given one",
)
def copies_of_state_answer_alike(case: Case) -> None:
    """Answer a query on the state, on two copies of it, and on it again."""
    model, given = build(case, signature_of(case)).eval(), tokens(3, 20)
    with torch.no_grad():
        state = model(as_inputs(case, given)).state
        query = as_inputs(case, tokens(3, 2, seed=1))
        straight = model(query, state).logits
        copies = map_state(lambda tensor: tensor.repeat_interleave(2, dim=0), state)
        copied = model(query.repeat_interleave(2, dim=0), copies).logits
        again = model(query, state).logits
    expect_close("answers of the first copies", copied[::2], straight, absolute=1e-5)
    expect_close("answers of the second copies", copied[1::2], straight, absolute=1e-5)
    expect_close("answers of the state after the copies", again, straight, relative=0, absolute=0)


@rule(
    "a sequence's answers do not depend on the other sequences of the batch",
    "use no statistics over the batch in evaluation mode",
)
def evaluation_does_not_depend_on_batch(case: Case) -> None:
    """Read sequences together and one by one."""
    model, given = build(case, signature_of(case)).eval(), tokens(5)
    with torch.no_grad():
        together = model(as_inputs(case, given)).logits
        alone = torch.cat([model(as_inputs(case, row[None])).logits for row in given])
    expect_close("logits", alone, together, relative=1e-4, absolute=1e-5)


def _trained(case: Case) -> tuple[SequenceModel, list[str]]:
    """Train for three steps; return the model and the attributes that no checkpoint holds."""
    model = build(case, signature_of(case), seed=5)
    attributes = Attributes(model)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    drawn = torch.Generator().manual_seed(1)
    for step in range(3):
        given = tokens(seed=step)
        output = model(as_inputs(case, given), generator=drawn)
        optimizer.zero_grad()
        torch.autograd.backward(loss_of(model, output, given))
        optimizer.step()
    return model, attributes.unsaved(model.state_dict())


@rule(
    "training twice gives the same parameters",
    "draw from the generator that forward receives; use no other source of randomness",
)
def training_twice_gives_same_parameters(case: Case) -> None:
    """Train twice for three steps."""
    one, other = (dict(_trained(case)[0].named_parameters()) for _ in range(2))
    different = [name for name in one if not torch.equal(one[name], other[name])]
    expect(not different, f"{len(different)} parameters differ: {', '.join(different[:3])}")


@rule(
    "an interrupted cell resumes: state_dict() holds all that training changes",
    "register buffers, or name attributes that are computed again in transient_attributes",
)
def state_dict_is_complete(case: Case) -> None:
    """Train for three steps, and look for changes that ``state_dict`` does not hold."""
    unsaved = _trained(case)[1]
    expect(not unsaved, f"training changes {', '.join(unsaved)}, which state_dict() does not hold")


MODEL_RULES = (
    summary,
    options,
    reads_tokens_and_features,
    sizes_are_positive,
    logits_are_at_query_positions,
    gradients_are_finite,
    half_precision_works,
    overfits_one_batch,
    pieces_equal_whole_sequence,
    copies_of_state_answer_alike,
    evaluation_does_not_depend_on_batch,
    training_twice_gives_same_parameters,
    state_dict_is_complete,
)
"""The rules of models."""
