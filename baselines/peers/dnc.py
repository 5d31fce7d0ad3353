"""DNC: differentiable neural computer, an LSTM with an external memory (Graves et al. 2016; dnc).

The package gives ``DNC``: at each step a controller reads the input and the last read vectors, and
sets where to write (by content, or in free memory), what to erase and add, and how each head reads:
by content, or along the links forwards or backwards.

Changes to the package: its step is called with the vectors read at the previous step, as in the
paper (the package's own loop gives the controller, at every step, the vectors read before the
sequence); the state before the first step is zeros (the package draws the controller's at random);
the mask of the link matrix is a buffer, so that it moves to the model's device; encoder and head
are those of this project.

Legend: ``B`` batch, ``T`` time, ``F`` features, ``P`` query positions, ``N`` cells, ``W`` width of
a cell, ``R`` read heads, ``D`` width.
"""

from dataclasses import dataclass

import torch
from dnc import DNC as Computer
from jaxtyping import Float, Int
from torch import Tensor

from baselines.interface import ModelOutput, SequenceModel, Signature, check_positive
from memnet.encoder import Encoder, Head, at_positions

VERSION = 1
TITLE = "DNC"
REQUIRES = ("dnc",)


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options.

    Attributes:
        width: Width of input and controller.
        cells: Memory cells N.
        cell: Width W of a cell.
        reads: Read heads R.
    """

    width: int = 64
    cells: int = 96
    cell: int = 32
    reads: int = 4

    def __post_init__(self) -> None:
        """Check the options."""
        check_positive(width=self.width, cells=self.cells, cell=self.cell, reads=self.reads)


@dataclass(frozen=True, slots=True, kw_only=True)
class DNCState:
    """State of the controller, the last read vectors, and the memory.

    Attributes:
        hidden: The controller's output.
        cell: The controller's cell.
        read: The heads' last read vectors.
        memory: Cells.
        links: Degree to which a cell was written after another one.
        precedence: Degree to which a cell was the last to be written.
        reading: Read weights of each head.
        writing: Last write weights.
        usage: Degree to which a cell is in use.
    """

    hidden: Float[Tensor, "B D"]
    cell: Float[Tensor, "B D"]
    read: Float[Tensor, "B R*W"]
    memory: Float[Tensor, "B N W"]
    links: Float[Tensor, "B 1 N N"]
    precedence: Float[Tensor, "B 1 N"]
    reading: Float[Tensor, "B R N"]
    writing: Float[Tensor, "B 1 N"]
    usage: Float[Tensor, "B N"]


class DNC(SequenceModel):
    """Encoder, differentiable neural computer, head."""

    def __init__(self, config: Config, signature: Signature) -> None:
        super().__init__()
        self.config = config
        self.encoder = Encoder(signature.vocabulary, signature.features, config.width)
        self.computer = Computer(
            config.width,
            config.width,
            num_layers=1,
            num_hidden_layers=1,
            nr_cells=config.cells,
            cell_size=config.cell,
            read_heads=config.reads,
        )
        memory = self.computer.memories[0]
        mask = memory.I
        del memory.I
        memory.register_buffer("I", mask, persistent=False)
        self.head = Head(self.encoder, signature.outputs)

    def initial_state(self, batch: int) -> DNCState:
        """Return zeros."""
        zeros, config = next(self.parameters()).new_zeros, self.config
        return DNCState(
            hidden=zeros(batch, config.width),
            cell=zeros(batch, config.width),
            read=zeros(batch, config.reads * config.cell),
            memory=zeros(batch, config.cells, config.cell),
            links=zeros(batch, 1, config.cells, config.cells),
            precedence=zeros(batch, 1, config.cells),
            reading=zeros(batch, config.reads, config.cells),
            writing=zeros(batch, 1, config.cells),
            usage=zeros(batch, config.cells),
        )

    def forward(
        self,
        inputs: Int[Tensor, "B T"] | Float[Tensor, "B T F"],
        state: DNCState | None = None,
        *,
        targets: Int[Tensor, "B P"] | None = None,
        positions: Int[Tensor, "B P"] | None = None,
        record: object = None,
        generator: torch.Generator | None = None,
    ) -> ModelOutput:
        """See :class:`baselines.interface.SequenceModel`."""
        if state is None:
            state = self.initial_state(inputs.shape[0])
        controller, memory, read = theirs(state)
        outputs = []
        for step in self.encoder(inputs).unbind(1):
            seen = torch.cat([step, read], dim=1)
            output, (controller, memory, read) = self.computer._layer_forward(
                seen, 0, (controller, memory)
            )
            outputs.append(self.computer.output(torch.cat([output, read], dim=1)))
        hidden = at_positions(torch.stack(outputs, dim=1), positions)
        return ModelOutput(logits=self.head(hidden), state=ours(controller, memory, read))


Controller = tuple[Float[Tensor, "1 B D"], Float[Tensor, "1 B D"]]


def theirs(state: DNCState) -> tuple[Controller, dict[str, Tensor], Tensor]:
    """Convert a state to the package's form: controller, memory, last read vectors.

    The package changes the dictionary, not the tensors.
    """
    memory = {
        "memory": state.memory,
        "link_matrix": state.links,
        "precedence": state.precedence,
        "read_weights": state.reading,
        "write_weights": state.writing,
        "usage_vector": state.usage,
    }
    return (state.hidden.unsqueeze(0), state.cell.unsqueeze(0)), memory, state.read


def ours(controller: Controller, memory: dict[str, Tensor], read: Tensor) -> DNCState:
    """Convert the package's state to ours."""
    hidden, cell = controller
    return DNCState(
        hidden=hidden.squeeze(0),
        cell=cell.squeeze(0),
        read=read,
        memory=memory["memory"],
        links=memory["link_matrix"],
        precedence=memory["precedence"],
        reading=memory["read_weights"],
        writing=memory["write_weights"],
        usage=memory["usage_vector"],
    )


def build(config: Config, signature: Signature) -> SequenceModel:
    """Build the model."""
    return DNC(config, signature)
