"""A tiny model with scripted faults: raise, be killed, exit, return NaN, use memory, or pause.

The pause is at each training step; measurements have none.
"""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from torch import nn

from baselines.interface import ModelOutput, SequenceModel

KIND = "model"
GO: Path | None = None
"""If set, a pausing model waits at its fourth training step until this file exists."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    width: int = 4
    act: Literal["learn", "raise", "kill", "leave", "nan", "eat", "hoard"] = "learn"
    pause: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    seen: torch.Tensor


class Scripted(SequenceModel):
    transient_attributes = ("passes",)

    def __init__(self, config, signature):
        super().__init__()
        self.config = config
        self.passes = 0
        self.embedding = nn.Embedding(signature.vocabulary, config.width)
        self.head = nn.Linear(config.width, signature.outputs)
        if config.pause:
            print(f"process {os.getpid()}", flush=True)

    def initial_state(self, batch):
        return State(seen=torch.zeros(batch, 1))

    def forward(
        self, inputs, state=None, *, targets=None, positions=None, record=None, generator=None
    ):
        match self.config.act:
            case "raise":
                raise RuntimeError("scripted error")
            case "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            case "leave":
                print("last words", flush=True)
                os._exit(3)
            case "eat":
                use_memory()
        if self.training:
            time.sleep(self.config.pause)
            self.passes += 1
            if GO and self.config.pause and self.passes > 3:
                wait()
        hidden = self.embedding(inputs)
        if positions is not None:
            hidden = hidden.gather(1, positions[..., None].expand(-1, -1, hidden.shape[-1]))
        logits = self.head(hidden) * (float("nan") if self.config.act == "nan" else 1.0)
        return ModelOutput(logits=logits, state=State(seen=torch.zeros(len(inputs), 1)), losses={})


def wait():
    """Wait for the file for at most two minutes."""
    end = time.monotonic() + 120
    while not GO.exists() and time.monotonic() < end:
        time.sleep(0.05)


def use_memory():
    """Allocate a gigabyte and wait to be stopped."""
    block = bytearray(2**30)
    block[::4096] = b"x" * len(block[::4096])
    time.sleep(60)
    os._exit(3)


def build(config, signature):
    return Scripted(config, signature)
