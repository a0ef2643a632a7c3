"""The network: an encoder, read out at the target's markers, and one logit for each head."""

from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import AutoModel

from friction.errors import UsageError
from friction.markers import TARGET
from friction.taxonomy import HEADS

READ_OUT = "read_out.pt"
"""Beside an encoder: weights of the read-out that intermediate training taught it."""


class Network(nn.Module):
    """Encoder, read-out and heads.

    Args:
        encoder: a transformers model whose first output is (batch, tokens, width).
        target_id: id of the target's marker.
    """

    def __init__(self, encoder: nn.Module, target_id: int, *, width: int, dropout: float = 0.2) -> None:
        super().__init__()
        self.encoder = encoder
        self.dropout = nn.Dropout(dropout)
        self.mix = nn.Linear(2 * width, width)
        self.heads = nn.Linear(width, len(HEADS))
        self.target_id = target_id

    def read(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """What the text says as seen from the target, shape (batch, width), from ids and mask (batch, tokens)."""
        hidden = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        whole = _mean(hidden, attention_mask)
        target = _mean(hidden, torch.eq(input_ids, self.target_id).to(attention_mask.dtype))
        return torch.nn.functional.gelu(self.mix(self.dropout(torch.cat([whole, target], dim=-1))))

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Logits of shape (batch, heads) from ids and mask of shape (batch, tokens)."""
        logits: Tensor = self.heads(self.dropout(self.read(input_ids, attention_mask)))
        return logits


def _mean(hidden: Tensor, mask: Tensor) -> Tensor:
    weight = mask.unsqueeze(-1).to(hidden.dtype)
    return (hidden * weight).sum(1) / weight.sum(1).clamp(min=1.0)


def load_encoder(folder: Path) -> tuple[nn.Module, Tokenizer, int]:
    """An encoder folder of ``training.distil`` or ``training.intermediate``: model, tokenizer, width.

    Raises:
        UsageError: the folder holds no encoder.
    """
    if not (folder / "config.json").is_file() or not (folder / "tokenizer.json").is_file():
        raise UsageError(f"{folder} is no encoder folder: it needs config.json, tokenizer.json and weights")
    encoder = AutoModel.from_pretrained(folder, add_pooling_layer=False)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return encoder, tokenizer, int(encoder.config.hidden_size)


def new_network(folder: Path) -> tuple[Network, Tokenizer]:
    """A network with fresh heads over an encoder folder, its read-out taken from there where it has one."""
    encoder, tokenizer, width = load_encoder(folder)
    network = Network(encoder, tokenizer.get_vocab()[TARGET], width=width)
    if (folder / READ_OUT).is_file():
        network.mix.load_state_dict(torch.load(folder / READ_OUT, weights_only=True))
    return network, tokenizer


def pad(rows: list[list[int]], *, pad_id: int = 0) -> tuple[Tensor, Tensor]:
    """Ids and mask of shape (rows, longest)."""
    width = max(map(len, rows))
    ids = torch.tensor([row + [pad_id] * (width - len(row)) for row in rows])
    mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows])
    return ids, mask
