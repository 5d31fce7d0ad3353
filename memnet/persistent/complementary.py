"""A persistent memory without weights: a slow memory, and slots of what surprises it.

Complementary learning systems (McClelland et al. 1995; Kumaran et al. 2016). The slow memory
(:mod:`memnet.persistent.slow_memory`) sees every sample once. A slot stores the code of one sample
with an edge to its label, if the sample *surprises* the slow memory. A code is decoded without
weights (:mod:`memnet.persistent.fixed_code`). In a sleep all slots are decoded, and these dreams
are answered by the present slow memory: edges get the surprise of today, so what has become easy is
given up first. The answer is that of the slow memory, corrected by the errors that it makes on the
dreams of the most similar slots::

    r_i = onehot(y_i) − Wᵀφ(decode(c_i))        p(x) = Wᵀφ(x) + γ · Σ_i a_i(x) · r_i

where ``a(x)`` is the softmax read of the slots: a slot excites its label, and inhibits what the
slow memory would have answered. Nothing is trained by gradients.

Legend: ``B`` batch, ``D`` features, ``E`` width of a code, ``K`` classes, ``N`` slots, ``M``
samples, ``X`` values of a sample; ``...`` is the shape of a sample.
"""

from collections.abc import Mapping
from dataclasses import replace

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from memnet.persistent.bank import Change, PersistentBank, SlotRead, empty_bank, erase, recode
from memnet.persistent.config import PersistentConfig
from memnet.persistent.fixed_code import FixedCode
from memnet.persistent.quantization import pack, unpack
from memnet.persistent.random_features import RandomFeatures
from memnet.persistent.slot_answer import SlotAnswer, read_codes, slot_answer, spread_errors
from memnet.persistent.slow_memory import SlowMemory, margin
from memnet.persistent.statistics_forgetting import SAME_CODE, forget
from memnet.persistent.surprise import keep, strength
from memnet.persistent.trace import StreamTrace

SLOW_PIECE = 500
"""Samples processed at a time, between two of which the slots compete."""


class ComplementaryMemory(nn.Module):
    """A classifier of samples that learns by remembering.

    Inputs in, log-probabilities out. In training it returns equal logits, whose gradients are 0:
    a strategy's loss and optimizer have nothing to do. All tensors of the memory are buffers, so
    ``state_dict`` and safetensors save and load it completely. Its attribute ``trace`` is None, or
    a :class:`~memnet.persistent.trace.StreamTrace` that records what it does.

    Args:
        config: Options fitted to a budget: slots, features and code are set.
        shape: Shape of a sample.
        classes: K.
        generator: Determines the random features.

    Raises:
        ValueError: If the options are not fitted, or such a bank is not possible.
    """

    solution: Tensor
    solved_at: Tensor

    transient_attributes = ("_answers",)

    def __init__(
        self,
        config: PersistentConfig,
        *,
        shape: tuple[int, ...],
        classes: int,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        if config.slots is None or not config.code or not config.features:
            raise ValueError(
                "a memory needs numbers of slots and features, and a code width: "
                "PersistentConfig.fitted computes them"
            )
        self.config = config
        self.shape = shape
        self.classes = classes
        self.generator = generator
        self.slow = SlowMemory(RandomFeatures(shape, config.features, generator), classes)
        self.code = FixedCode(shape, config.code)
        self.untrained = nn.Parameter(torch.zeros(0))
        self.interval = max(SLOW_PIECE, config.features)
        solution, clock = torch.zeros(config.features, classes), torch.zeros((), dtype=torch.int64)
        self.register_buffer("solution", solution, persistent=False)
        self.register_buffer("solved_at", clock, persistent=False)
        self._answers: SlotAnswer | None = None
        self.trace: StreamTrace | None = None
        for name, tensor in (
            empty_bank(config.slots, config.code, classes, config.bits).tensors().items()
        ):
            self.register_buffer(f"bank_{name}", tensor)

    @property
    def bank(self) -> PersistentBank:
        """The current bank; assignment replaces it."""
        return PersistentBank.from_tensors(
            {name: getattr(self, f"bank_{name}") for name in PersistentBank.__dataclass_fields__}
        )

    @bank.setter
    def bank(self, bank: PersistentBank) -> None:
        for name, tensor in bank.tensors().items():
            setattr(self, f"bank_{name}", tensor)

    def forward(self, inputs: Float[Tensor, "B ..."]) -> Float[Tensor, "B K"]:
        """Return log-probabilities in evaluation, and equal logits in training.

        Before the first sample, log-probabilities are equal too.
        """
        if self.training or not bool(self.slow.known.any()):
            equal = inputs.new_zeros(len(inputs), self.classes) + self.untrained.sum()
            return equal.log_softmax(-1)
        scores = self.recall(inputs).masked_fill(~self.slow.known, 0).clamp_min(1e-9)
        return (scores / scores.sum(-1, keepdim=True)).log()

    @torch.no_grad()
    def recall(self, inputs: Float[Tensor, "B ..."]) -> Float[Tensor, "B K"]:
        """Return the slow memory's scores, corrected by its errors on the slots that match."""
        answer = self._answer()
        scores: Tensor = self.slow.features(inputs) @ answer.solution
        if answer.trust == 0:
            return scores
        found = self.read(inputs)
        if self.trace is not None:
            self.trace.read(found.slots, found.weights, int(self.bank.clock))
        return scores + answer.trust * spread_errors(found, answer.errors)

    def read(self, inputs: Float[Tensor, "B ..."]) -> SlotRead:
        """Read the slots that match samples best."""
        return read_codes(self.bank, self.code.encode(inputs), self.config)

    @torch.no_grad()
    def meet(self, inputs: Float[Tensor, "M ..."], labels: Int[Tensor, "M"]) -> Change:
        """Add new samples to the slow memory, and offer them to the slots.

        The slots are divided equally among the classes seen; each class stores its most surprising
        samples.

        Args:
            inputs: New samples.
            labels: Their classes.
        """
        before, written = self.bank, torch.zeros_like(self.bank.occupied)
        for piece, classes in zip(inputs.split(SLOW_PIECE), labels.split(SLOW_PIECE), strict=True):
            written[self._meet(piece, classes)] = True
        occupied, self._answers = self.bank.occupied, None
        return Change(
            given_up=torch.nonzero(before.occupied & (written | ~occupied)).flatten(),
            taken=torch.nonzero(written & occupied).flatten(),
        )

    @torch.no_grad()
    def sleep(self) -> None:
        """Dream of all slots, and give their edges the surprise of the present slow memory."""
        self._solve()
        self._answers = None
        bank, full = self.bank, torch.nonzero(self.bank.occupied).flatten()
        if not self.config.dreams or not self.config.surprise:
            full = full[:0]
        if len(full):
            labels = bank.target[full].long()
            scores = functional.one_hot(labels, self.classes) - self._answer().errors[full]
            surprise = strength(margin(scores, labels))
            self.bank = replace(bank, links=bank.links.index_copy(0, full, surprise))
        if self.trace is not None:
            self.trace.slept(full, self.bank.links[full], int(bank.clock))

    def forget(
        self, inputs: Float[Tensor, "M ..."], labels: Int[Tensor, "M"], same: float = SAME_CODE
    ) -> int:
        """Forget items on request; see :mod:`memnet.persistent.statistics_forgetting`.

        Args:
            inputs: Items, as they were given to :meth:`meet`; others would be subtracted too.
            labels: Their classes.
            same: Least cosine of an item's code with the slot that is taken to hold it.

        Returns:
            The number of erased slots.

        Raises:
            ValueError: If there are more items of a class than samples seen of it.
        """
        return forget(self, inputs, labels, same)

    def codes_of(self, inputs: Float[Tensor, "M ..."]) -> Float[Tensor, "M E"]:
        """Return the codes of any number of samples, as a slot would hold them."""
        return unpack(pack(self.code.encode(inputs), self.config.bits), self.config.bits)

    def expect(self, inputs: Float[Tensor, "M ..."], labels: Int[Tensor, "M"]) -> None:
        """Check the next training data.

        Raises:
            ValueError: If a sample has another shape than the memory's.
        """
        if inputs.shape[1:] != self.shape:
            raise ValueError(
                f"samples of shape {tuple(inputs.shape[1:])} do not fit a memory of samples of "
                f"shape {tuple(self.shape)}"
            )

    def dream(self, slots: Int[Tensor, "n"]) -> Float[Tensor, "n ..."]:
        """Decode slots."""
        return self.code.decode(unpack(self.bank.codes[slots], self.config.bits))

    def stored_bytes(self) -> int:
        """Return the bytes of slots, statistics, and the code's moments."""
        everything: int = sum(tensor.nbytes for tensor in self.state_dict().values())
        return everything - sum(parameter.nbytes for parameter in self.parameters())

    def last_solution(self) -> dict[str, Tensor]:
        """Return the solution by which surprise is measured until the next, and its time.

        It follows from earlier statistics, so exact resuming between two solutions needs it next to
        the ``state_dict``.
        """
        return {"solution": self.solution, "solved_at": self.solved_at}

    def restore_solution(self, state: Mapping[str, Tensor]) -> None:
        """Restore what :meth:`last_solution` returned."""
        self.solution, self.solved_at = (
            state[name].to(self.slow.gram.device) for name in ("solution", "solved_at")
        )
        self._answers = None

    def _meet(
        self, inputs: Float[Tensor, "M ..."], labels: Int[Tensor, "M"]
    ) -> Int[Tensor, "written"]:
        """Process a piece of new samples, and return the slots written."""
        self._calibrate(inputs)
        bank = self.bank
        bank = replace(
            bank,
            clock=bank.clock + len(labels),
            seen=bank.seen + torch.bincount(labels, minlength=self.classes).to(bank.seen),
        )
        features = self.slow.features(inputs)
        if int(self.bank.clock - self.solved_at) >= self.interval:
            self._solve()
        surprise = (
            strength(margin(features @ self.solution, labels))
            if self.config.surprise
            else torch.randint(1, 256, labels.shape, generator=self.generator).to(bank.links)
        )
        self.slow.update(features, labels)
        stored = torch.nonzero(bank.occupied).flatten()
        kept = keep(
            torch.cat((bank.links[stored], surprise)),
            torch.cat((bank.target[stored].long(), labels)),
            len(bank.links),
        )
        leaves = torch.ones_like(stored, dtype=torch.bool)
        leaves[kept[kept < len(stored)]] = False
        gone, strengths = stored[leaves], bank.links[stored[leaves]]
        bank = erase(bank, gone)
        chosen = kept[kept >= len(stored)] - len(stored)
        free = torch.nonzero(~bank.occupied).flatten()[: len(chosen)]
        if self.trace is not None:
            self.trace.record_samples(
                gone, strengths, free, surprise[chosen], chosen, labels[chosen],
                slots=len(bank.links), offered=len(labels), clock=int(bank.clock),
            )  # fmt: skip
        self.bank = replace(
            recode(bank, free, self.code.encode(inputs[chosen]), self.config.bits),
            target=bank.target.index_copy(0, free, labels[chosen].to(bank.target)),
            links=bank.links.index_copy(0, free, surprise[chosen]),
        )
        return free

    def _calibrate(self, inputs: Float[Tensor, "M ..."]) -> None:
        """Measure the moments of the code on the first samples, and encode the slots again."""
        if self.code.calibrated:
            return
        full = torch.nonzero(self.bank.occupied).flatten()
        dreams = self.dream(full)
        self.code.calibrate(inputs)
        self.bank = recode(self.bank, full, self.code.encode(dreams), self.config.bits)

    def _solve(self) -> None:
        self.solution, self.solved_at = self.slow.solve(), self.bank.clock.clone()

    def _answer(self) -> SlotAnswer:
        """Return what answers are computed from; it follows from the memory's state."""
        if self._answers is None:
            current = bool(self.solved_at == self.bank.clock)
            solution = self.solution if current else self.slow.solve()
            self._answers = slot_answer(
                self.bank,
                self.config,
                solution,
                lambda slots: self.slow.features(self.dream(slots)),
            )
        return self._answers
