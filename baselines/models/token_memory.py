"""Control: attention over the last N pairs of a previous token (key) and its successor (value)."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional

from baselines.interface import ModelOutput, SequenceModel, Signature, check_positive
from baselines.models._layer_stack import GatedMLP
from memnet.encoder import Encoder, Head, at_positions

VERSION = 1
TITLE = "Token memory (control)"
ROLE = "control"

TEMPERATURE = 10.0
"""Initial factor on cosines.

Among a hundred pairs, the one whose key is the query gets nearly all of the weight.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options. State takes ``slots · (key_width + width) + width`` floats.

    Attributes:
        width: D, also of values.
        slots: Earlier pairs N that are stored.
        key_width: Width K of keys and queries.
        reads: 1, or 2 if the first read is the query of a second.
        inner: Hidden width of the MLP after the memory; 0 for none.
    """

    width: int = 80
    slots: int = 160
    key_width: int = 32
    reads: int = 2
    inner: int = 224

    def __post_init__(self) -> None:
        """Check the options."""
        check_positive(width=self.width, slots=self.slots, key_width=self.key_width)
        if self.reads not in (1, 2):
            raise ValueError(f"reads = {self.reads} must be 1 or 2")
        if self.inner < 0:
            raise ValueError(f"inner = {self.inner} must not be negative; use 0 for no MLP")


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenMemoryState:
    """The last pairs, oldest first, and the last encoded token."""

    keys: Float[Tensor, "B N K"]
    values: Float[Tensor, "B N D"]
    previous: Float[Tensor, "B 1 D"]


class TokenMemory(SequenceModel):
    """A memory that stores every pair and drops the oldest.

    It has no write gate and no links between pairs.

    With x_t the encoded token, W the projections, and sums over the N pairs before t and the pair
    of t itself,

        k_t = normalise(W_k x_{t−1}),  v_t = W_v x_t,
        r_1 = Σ_s softmax_s(τ_1 k_s·normalise(W_1 x_t)) v_s,
        r_2 = Σ_s softmax_s(τ_2 k_s·normalise(W_2 r_1)) v_s,

    and the head reads ``h = x_t + W_o [r_1, r_2]`` after a pre-norm residual MLP. W_1 is initially
    W_k.

    Legend: ``B`` batch, ``T`` time, ``N`` pairs carried, ``M`` pairs carried and new ones, ``D``
    width, ``K`` width of a key.
    """

    def __init__(self, config: Config, signature: Signature) -> None:
        super().__init__()
        self.config = config
        width = config.width
        self.encoder = Encoder(signature.vocabulary, signature.features, width)
        self.key = nn.Linear(width, config.key_width, bias=False)
        self.value = nn.Linear(width, width, bias=False)
        self.queries = nn.ModuleList(
            nn.Linear(width, config.key_width, bias=False) for _ in range(config.reads)
        )
        self.queries[0].weight = nn.Parameter(self.key.weight.detach().clone())
        self.log_temperature = nn.Parameter(torch.full((config.reads,), TEMPERATURE).log())
        self.out = nn.Linear(config.reads * width, width, bias=False)
        self.norm = nn.RMSNorm(width) if config.inner else None
        self.mlp = GatedMLP(width, config.inner) if config.inner else None
        self.head = Head(self.encoder, signature.outputs)

    def initial_state(self, batch: int) -> TokenMemoryState:
        """Return no pairs; before the first token there are zeros, whose key is zero."""
        like, config = self.key.weight, self.config
        return TokenMemoryState(
            keys=like.new_zeros(batch, 0, config.key_width),
            values=like.new_zeros(batch, 0, config.width),
            previous=like.new_zeros(batch, 1, config.width),
        )

    def forward(
        self,
        inputs: Int[Tensor, "B T"] | Float[Tensor, "B T F"],
        state: TokenMemoryState | None = None,
        *,
        targets: Int[Tensor, "B P"] | None = None,
        positions: Int[Tensor, "B P"] | None = None,
        record: object = None,
        generator: torch.Generator | None = None,
    ) -> ModelOutput:
        """See :class:`baselines.interface.SequenceModel`."""
        if state is None:
            state = self.initial_state(inputs.shape[0])
        outputs = []
        # Pieces as long as the memory cost less than one band matrix, and give the same result.
        for piece in torch.split(inputs, self.config.slots, dim=1):
            hidden, state = self._piece(self.encoder(piece), state)
            outputs.append(hidden)
        return ModelOutput(
            logits=self.head(at_positions(torch.cat(outputs, dim=1), positions)), state=state
        )

    def _piece(
        self, hidden: Float[Tensor, "B T D"], state: TokenMemoryState
    ) -> tuple[Float[Tensor, "B T D"], TokenMemoryState]:
        slots = self.config.slots
        before = torch.cat([state.previous, hidden], dim=1)
        keys = torch.cat(
            [state.keys, functional.normalize(self.key(before[:, :-1]), dim=-1)], dim=1
        )
        values = torch.cat([state.values, self.value(hidden)], dim=1)
        hidden = hidden + self.out(torch.cat(self._read(hidden, keys, values), dim=-1))
        if self.mlp is not None and self.norm is not None:
            hidden = hidden + self.mlp(self.norm(hidden))
        return hidden, TokenMemoryState(
            keys=keys[:, -slots:], values=values[:, -slots:], previous=before[:, -1:]
        )

    def _read(
        self,
        queried: Float[Tensor, "B T D"],
        keys: Float[Tensor, "B M K"],
        values: Float[Tensor, "B M D"],
    ) -> list[Tensor]:
        """Return the result of each read, ``[B, T, D]``."""
        count, total = queried.shape[1], keys.shape[1]
        unseen = self._unseen(count, total - count, keys.device)
        found = []
        for query, temperature in zip(self.queries, self.log_temperature.exp(), strict=True):
            sought = temperature * functional.normalize(query(queried), dim=-1)
            weights = (
                (sought @ keys.transpose(1, 2)).masked_fill(unseen, -torch.inf).softmax(dim=-1)
            )
            queried = weights @ values
            found.append(queried)
        return found

    def _unseen(self, count: int, carried: int, device: torch.device) -> Bool[Tensor, "T M"]:
        """Return the pairs that a step does not see: later ones, and those over N before it."""
        distance = (
            torch.arange(count, device=device).unsqueeze(1)
            + carried
            - torch.arange(carried + count, device=device)
        )
        return (distance < 0) | (distance > self.config.slots)


def build(config: Config, signature: Signature) -> SequenceModel:
    """Build the model."""
    return TokenMemory(config, signature)
