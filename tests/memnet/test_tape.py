"""SerialRecall: recordings, the reading head, and the limit of recordings."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from memnet.recorder import Recorder
from memnet.tape import SerialRecall, Tape, _heads, parts
from tests.memnet.active_model import active_model, tokens

RECORD, REST, READ = range(3)
"""Action of a token, by its kind."""


def recaller(kinds: int = 3, recordings: int = 8) -> SerialRecall:
    """Return a tape whose gates are set by the kind of token, fully open or closed.

    It reads one place at a time.
    """
    model = SerialRecall(width=kinds, recordings=recordings).double()
    with torch.no_grad():
        model.gates.bias.fill_(-20.0)
        model.gates.weight[0, RECORD] = model.gates.weight[1, READ] = 40.0
        model.log_temperature.fill_(1.0)  # the largest temperature
        model.unsure.zero_()
    return model.eval()


@torch.no_grad()
def recall(
    model: SerialRecall, doing: list[int], contents: list[float], tape: Tape | None = None
) -> tuple[list[float], Tape]:
    """Run the actions on contents of one number each; return each token's read, and the tape."""
    hidden = torch.nn.functional.one_hot(torch.tensor([doing]), model.gates.in_features).double()
    values = torch.tensor(contents, dtype=torch.float64).view(1, -1, 1)
    tape = tape or Tape.empty(1, 1, values)
    read, (after,), _ = model(hidden, values, tape, [len(doing)])
    return read.flatten().tolist(), after


def test_recordings_are_read_in_order() -> None:
    doing = [RECORD, REST, RECORD, RECORD, REST, READ, READ, REST, READ]
    read, tape = recall(recaller(), doing, [5.0, 1.0, 6.0, 7.0, 1.0, 1.0, 1.0, 1.0, 1.0])
    # The head is at place 0 until the first reading token has passed, and so on.
    assert read == pytest.approx([5.0, 5.0, 5.0, 5.0, 5.0, 5.0, 6.0, 7.0, 7.0], abs=0.03)
    assert (float(tape.end), float(tape.head)) == (3.0, 3.0)


def test_pause_changes_nothing() -> None:
    model = recaller()
    _, tape = recall(model, [RECORD, RECORD, READ], [5.0, 6.0, 0.0])
    for _ in range(200):
        _, tape = recall(model, [REST] * 1000, [1.0] * 1000, tape)
    read, _ = recall(model, [READ, READ], [1.0, 1.0], tape)
    assert read[0] == pytest.approx(6.0, abs=0.03)


def test_recording_rewinds_head() -> None:
    read, tape = recall(
        recaller(), [RECORD, RECORD, READ, READ, RECORD, READ], [5.0, 6.0, 0.0, 0.0, 8.0, 0.0]
    )
    assert read[2:4] == pytest.approx([5.0, 6.0], abs=0.03)
    assert read[5] == pytest.approx(5.0, abs=0.03)
    assert tape.values.flatten().sort().values.tolist() == [5.0, 6.0, 8.0]


@torch.no_grad()
def test_alarm_opens_recording_gate_alone() -> None:
    """The logits of reading on stay 0.

    ``1.2·σ(4) − 0.1`` is above 1, and ``1.2·σ(−4) − 0.1`` below 0, so gates are 1, 1/2, 0.
    """
    model = SerialRecall(width=1, recordings=8).double()
    model.gates.bias.zero_()
    hidden = torch.zeros(1, 3, 1, dtype=torch.float64)
    _, (tape,), logits = model(
        hidden,
        hidden,
        Tape.empty(1, 1, hidden),
        [3],
        alarm=torch.tensor([[4.0, 0.0, -4.0]], dtype=torch.float64),
    )
    assert logits.tolist() == [[[4.0, 0.0], [0.0, 0.0], [-4.0, 0.0]]]
    assert float(tape.end) == pytest.approx(1.5)


def test_tape_stores_latest_recordings() -> None:
    _, tape = recall(recaller(recordings=2), [RECORD] * 5, [1.0, 2.0, 3.0, 4.0, 5.0])
    assert sorted(tape.values.flatten().tolist()) == [4.0, 5.0]
    assert sorted(tape.place.flatten().tolist()) == [3.0, 4.0]


def test_training_drops_places_and_not_half_recordings() -> None:
    """Gates of one half record eight tokens at four places; the last three places are 1 to 4.

    Six recordings begin there. A limit on their number would drop half of the places.
    """
    model = SerialRecall(width=1, recordings=3).double()
    contents = torch.arange(1.0, 9.0, dtype=torch.float64).view(1, 8, 1)
    hidden, empty = torch.zeros_like(contents), Tape.empty(1, 1, contents)
    with torch.no_grad():
        _, (tape,), _ = model.train()(hidden, contents, empty, [8])
        _, (evaluated,), _ = model.eval()(hidden, contents, empty, [8])
    assert float(tape.end) == 4.0
    assert sorted(tape.place.flatten().tolist()) == [1.0, 1.5, 2.0, 2.5, 3.0, 3.5]
    assert sorted(tape.values.flatten().tolist()) == [1.5, 2.0, 2.5, 3.0, 3.5, 4.0]
    assert sorted(evaluated.place.flatten().tolist()) == [2.5, 3.0, 3.5]


def test_training_pads_a_memory_with_fewer_places_by_recordings_of_no_strength() -> None:
    """Of two memories, one recorded five places and the other one place; the limit is three."""
    model = recaller(recordings=3).train()
    doing = torch.tensor([[RECORD] * 5, [REST] * 4 + [RECORD]])
    hidden = torch.nn.functional.one_hot(doing, 3).double()
    values = torch.ones(2, 5, 1, dtype=torch.float64)
    with torch.no_grad():
        _, (tape,), _ = model(hidden, values, Tape.empty(2, 1, values), [5])
    assert tape.strength.sum(-1).tolist() == [3.0, 1.0]


def test_empty_tape_reads_zero() -> None:
    read, tape = recall(recaller(), [REST, READ, READ], [1.0, 1.0, 1.0])
    assert read == pytest.approx([0.0, 0.0, 0.0])
    assert tape.values.shape[1] == 0


@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 10_000), cut=st.integers(1, 19), training=st.booleans())
def test_pieces_equal_whole_sequence(seed: int, cut: int, training: bool) -> None:
    draws = torch.Generator().manual_seed(seed)
    model = SerialRecall(width=4, recordings=30).double().train(training)
    with torch.no_grad():
        model.gates.weight.normal_(generator=draws)
        model.unsure.zero_()
    hidden, values = (torch.randn(2, 20, 4, generator=draws, dtype=torch.float64) for _ in range(2))
    empty = Tape.empty(2, 4, values)
    whole, (end,), _ = model(hidden, values, empty, [20])
    first, (tape,), _ = model(hidden[:, :cut], values[:, :cut], empty, [cut])
    second, (last,), _ = model(hidden[:, cut:], values[:, cut:], tape, [20 - cut])
    torch.testing.assert_close(torch.cat([first, second], dim=1), whole, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close((last.end, last.head), (end.end, end.head), rtol=1e-9, atol=1e-9)


def test_chunks_drop_the_earliest_recordings_as_one_token_at_a_time() -> None:
    """The limit is 3 recordings; chunks of 2 are compared with chunks of 1."""
    draws = torch.Generator().manual_seed(0)
    model = SerialRecall(width=4, recordings=3).double().eval()
    with torch.no_grad():
        model.gates.weight.normal_(generator=draws)
        model.gates.bias.fill_(1.0)
        model.unsure.zero_()
    hidden, values = (torch.randn(2, 12, 4, generator=draws, dtype=torch.float64) for _ in range(2))
    empty = Tape.empty(2, 4, values)
    read, tapes, _ = model(hidden, values, empty, [2] * 6, every=True)
    tape = empty
    for chunk in range(6):
        both = slice(2 * chunk, 2 * chunk + 2)
        piece, (tape,), _ = model(hidden[:, both], values[:, both], tape, [2])
        torch.testing.assert_close(read[:, both], piece, rtol=1e-9, atol=1e-9)
        torch.testing.assert_close(parts(tapes[chunk]), parts(tape), rtol=1e-9, atol=1e-9)
    assert tape.values.shape[1] == 3


def test_head_equals_loop_over_tokens() -> None:
    draws = torch.Generator().manual_seed(1)
    start, write, advance = (
        torch.rand(2, generator=draws, dtype=torch.float64),
        *(torch.rand(2, 21, generator=draws, dtype=torch.float64) for _ in range(2)),
    )
    head, expected = start, []
    for stay, step in zip((1.0 - write).unbind(-1), advance.unbind(-1), strict=True):
        head = stay * head + step
        expected.append(head)
    torch.testing.assert_close(
        _heads(start, write, advance), torch.stack(expected, dim=-1), rtol=1e-12, atol=1e-12
    )


def test_places_are_exact_in_evaluation_if_gates_are_decided() -> None:
    model = SerialRecall(width=1, recordings=8)
    model.gates.bias.data = torch.tensor([0.3, -0.3])
    hidden, values = torch.zeros(1, 4, 1), torch.ones(1, 4, 1)
    open_, shut = (1.2 * torch.sigmoid(torch.tensor([0.3, -0.3])) - 0.1).tolist()
    for training, doubt in ((True, 0.0), (False, 1.0)):
        model.train(training).unsure.fill_(doubt)
        _, (soft,), _ = model(hidden, values, Tape.empty(1, 1, values), [4])
        assert float(soft.end.detach()) == pytest.approx(4 * open_)
        assert float(soft.head.detach()) == pytest.approx(
            shut * sum((1 - open_) ** power for power in range(4))
        )
    model.eval().unsure.fill_(0.0)
    _, (hard,), _ = model(hidden, values, Tape.empty(1, 1, values), [4])
    assert (float(hard.end.detach()), float(hard.head.detach())) == (4.0, 0.0)


def test_doubt_depends_on_gates_and_not_on_chunk() -> None:
    hidden, values, doubts = torch.zeros(1, 400, 1), torch.ones(1, 400, 1), []
    for chunk in (400, 50):
        model = SerialRecall(width=1, recordings=8)
        model.gates.bias.data = torch.tensor([9.0, -9.0])
        model(hidden, values, Tape.empty(1, 1, values), [chunk] * (400 // chunk))
        doubts.append(model.doubt)
    left = 0.999**400
    assert doubts == pytest.approx([left / (left + 0.5 * (1 - left))] * 2, rel=1e-4)
    before = model.doubt
    model.eval()(hidden, values, Tape.empty(1, 1, values), [400])
    assert model.doubt == before


def test_doubt_is_relative_to_steps_and_not_to_tokens() -> None:
    model = SerialRecall(width=1, recordings=8)
    hidden = torch.full((1, 5000, 1), -9.0)  # no step
    hidden[:, ::100] = 0.0  # half a step
    model.gates.weight.data.fill_(1.0)
    model.gates.bias.data.zero_()
    model(hidden, torch.ones(1, 5000, 1), Tape.empty(1, 1, hidden), [5000])
    assert model.doubt > 1.0
    assert not model.eval().exact()


@pytest.mark.parametrize("training", [True, False])
def test_temperature_is_the_same_in_training_and_evaluation(training: bool) -> None:
    """The learned temperature is the same in evaluation, with whole steps or not."""
    for logarithm, first in ((1.0, 1.0), (-1.0, 0.5)):
        model = recaller().train(training)
        model.log_temperature.data.fill_(logarithm)
        read, _ = recall(model, [RECORD, RECORD, REST], [1.0, 0.0, 0.0])
        assert read[-1] == pytest.approx(first, abs=0.01)


def test_place_outweighs_its_neighbours_at_initial_temperature() -> None:
    model = recaller()
    model.log_temperature.data.zero_()  # initial value
    read, _ = recall(model, [RECORD, RECORD, RECORD, READ, READ], [1.0, -1.0, 1.0, 0.0, 0.0])
    assert read[-1] < 0.0


def test_gradients_reach_both_counters() -> None:
    model, inputs = active_model(), tokens()
    assert model.serial is not None
    output = model(inputs)
    torch.nn.functional.cross_entropy(
        output.logits[:, :-1].flatten(0, 1), inputs[:, 1:].flatten()
    ).backward()
    assert (model.serial.gates.weight.grad.abs().sum(-1) > 0).all()


def test_switch_removes_tape() -> None:
    model = active_model(serial=False)
    assert model.serial is None
    assert model(tokens()).state.tape is None
    assert parts(None) == {}


def test_recordings_of_a_chunk_count_as_carried_bytes() -> None:
    model, carried = active_model(), []
    for serial in (model.serial, None):
        model.serial, recorder = serial, Recorder()
        with torch.no_grad():
            model(tokens(batch=1, length=8), record=recorder)
        carried.append(recorder.carried_bytes)
    contents, places, strengths = 8 * 16, 8, 8
    end, head = 1, 1
    assert carried[0] - carried[1] == 8 * (contents + places + strengths + end + head)
