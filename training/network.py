"""The network: an encoder, read out at the target's markers, and one logit for each head."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, cast

import torch
from safetensors import SafetensorError
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, AutoTokenizer, PreTrainedModel
from transformers.utils import logging

from friction.errors import UsageError
from friction.markers import MARKERS, TARGET
from friction.taxonomy import HEADS
from friction.wording import counted

from .hush import hushed

DEVICE: Final = torch.device("cuda" if torch.cuda.is_available() else "cpu")
"""Where networks are trained. What is made does not ask for it."""
MULTIPLIES_BFLOAT16: Final = DEVICE.type == "cuda" or torch.cpu._is_avx512_bf16_supported()
"""Elsewhere torch plays bfloat16 in software: a training step takes some twenty-five times as long as one in floats."""
_WEIGHTS = "network.pt"
"""Beside a trained network's config and tokenizer: its weights."""
READ_OUT = "read_out.pt"
"""Beside an encoder that ``save_encoder`` left: weights of the read-out that it taught."""


class Network(nn.Module):
    """Encoder, read-out and heads.

    Args:
        encoder: a transformers model whose first output is (batch, tokens, width).
        target_id: id of the target's marker.
        pad_id: id that fills a batch up.
    """

    def __init__(
        self, encoder: nn.Module, target_id: int, *, width: int, pad_id: int = 0, dropout: float = 0.2
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.dropout = nn.Dropout(dropout)
        self.mix = nn.Linear(2 * width, width)
        self.heads = nn.Linear(width, len(HEADS))
        self.target_id = target_id
        self.pad_id = pad_id

    def states(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """What the encoder makes of each token, shape (batch, tokens, width), from ids and mask (batch, tokens)."""
        hidden: Tensor = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        return hidden

    def read(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """What the text says as seen from the target, shape (batch, width), from ids and mask (batch, tokens)."""
        return self.read_out(self.states(input_ids, attention_mask), input_ids, attention_mask)

    def read_out(self, hidden: Tensor, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """The same, from the encoder's states."""
        whole = _mean(hidden, attention_mask)
        target = _mean(hidden, torch.eq(input_ids, self.target_id).to(attention_mask.dtype))
        return torch.nn.functional.gelu(self.mix(self.dropout(torch.cat([whole, target], dim=-1))))

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Logits of shape (batch, heads) from ids and mask of shape (batch, tokens)."""
        logits: Tensor = self.heads(self.dropout(self.read(input_ids, attention_mask)))
        return logits


def mixed_precision() -> torch.autocast:
    """A context in which products are made in bfloat16 where the hardware has such products, else in floats."""
    return torch.autocast(DEVICE.type, torch.bfloat16, enabled=MULTIPLIES_BFLOAT16)


def _mean(hidden: Tensor, mask: Tensor) -> Tensor:
    """A product, not a sum of products: exported, a sum adds up in another order where a batch has one row."""
    weight = mask.unsqueeze(1).to(hidden.dtype)
    return (weight @ hidden).squeeze(1) / weight.sum(-1).clamp(min=1.0)


def load_encoder(folder: Path) -> tuple[PreTrainedModel, Tokenizer]:
    """Any transformers encoder on disk, with its tokenizer taught the markers where it does not know them.

    Says on standard error what of the encoder the folder has no weights for: that starts at random.

    Raises:
        UsageError: the folder holds no encoder, or one without a fast tokenizer.
    """
    if not (folder / "config.json").is_file():
        raise UsageError(f"{folder} is no encoder folder: it needs config.json, a tokenizer and weights")
    with hushed(), _without_progress():
        encoder = _load_weights(folder)
        tokenizer = _load_tokenizer(folder)
        tokenizer.no_padding()
        tokenizer.no_truncation()
        if new := [marker for marker in MARKERS if tokenizer.token_to_id(marker) is None]:
            tokenizer.add_special_tokens(new)
            encoder.resize_token_embeddings(tokenizer.get_vocab_size())
    return encoder, tokenizer


def _load_weights(folder: Path) -> PreTrainedModel:
    try:
        encoder, found = AutoModel.from_pretrained(folder, local_files_only=True, output_loading_info=True)
    except (OSError, RuntimeError, SafetensorError, ValueError) as error:
        why = str(error).partition("\n")[0]
        raise UsageError(f"{folder} is no checkpoint that transformers can load ({why}). Save it again.") from None
    encoder = without_pooler(encoder)
    if lacking := sorted(found["missing_keys"] & set(encoder.state_dict())):
        print(
            f"friction: {folder} lacks {counted(len(lacking), 'weight')} of its encoder, {lacking[0]} for one, which "
            "will be learnt from chance alone. A whole checkpoint learns from far fewer rows",
            file=sys.stderr,
        )
    return encoder


@contextmanager
def _without_progress() -> Iterator[None]:
    """Without the bar of transformers, which it also draws into a file."""
    was_on = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if was_on:
            logging.enable_progress_bar()


def without_pooler(encoder: PreTrainedModel) -> PreTrainedModel:
    """The encoder less the head that some classes put on the first token; nothing here reads it."""
    if getattr(encoder, "pooler", None) is not None:
        setattr(encoder, "pooler", None)  # noqa: B010 - transformers types the attribute as a module
    return encoder


def _load_tokenizer(folder: Path) -> Tokenizer:
    if (folder / "tokenizer.json").is_file():
        return Tokenizer.from_file(str(folder / "tokenizer.json"))
    found = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    if not getattr(found, "is_fast", False):
        raise UsageError(f"{folder} has no fast tokenizer; save one as tokenizer.json")
    return Tokenizer.from_str(found.backend_tokenizer.to_str())


def over(encoder: PreTrainedModel, tokenizer: Tokenizer) -> Network:
    """A network with fresh heads over an encoder."""
    return Network(
        encoder,
        tokenizer.get_vocab()[TARGET],
        width=int(encoder.config.hidden_size),
        pad_id=int(encoder.config.pad_token_id or 0),
    ).to(DEVICE)


def new_network(folder: Path) -> tuple[Network, Tokenizer]:
    """A network with fresh heads over an encoder folder or a trained network, its read-out from there if it has one."""
    if is_trained(folder):
        network, tokenizer = load_network(folder)
        network.heads.reset_parameters()
        return network.train(), tokenizer
    encoder, tokenizer = load_encoder(folder)
    network = over(encoder, tokenizer)
    if (folder / READ_OUT).is_file():
        network.mix.load_state_dict(torch.load(folder / READ_OUT, weights_only=True, map_location="cpu"))
    return network, tokenizer


def save_encoder(network: Network, tokenizer: Tokenizer, folder: Path) -> None:
    """Write a network's encoder and read-out, for other heads: see ``new_network``."""
    folder.mkdir(parents=True, exist_ok=True)
    cast(PreTrainedModel, network.encoder).save_pretrained(folder)
    torch.save(network.mix.state_dict(), folder / READ_OUT)
    tokenizer.save(str(folder / "tokenizer.json"))


def save_network(network: Network, tokenizer: Tokenizer, folder: Path) -> None:
    """Write a trained network: config, tokenizer, weights."""
    folder.mkdir(parents=True, exist_ok=True)
    cast(PreTrainedModel, network.encoder).config.save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    torch.save(network.state_dict(), folder / _WEIGHTS)


def is_trained(folder: Path) -> bool:
    """Whether a folder holds a network that ``save_network`` left."""
    return (folder / _WEIGHTS).is_file()


def load_network(folder: Path) -> tuple[Network, Tokenizer]:
    """A trained network as ``save_network`` left it.

    Raises:
        UsageError: the folder holds none.
    """
    if not is_trained(folder):
        raise UsageError(f"{folder} holds no trained network ({_WEIGHTS}). Run training.finetune first.")
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    config = AutoConfig.from_pretrained(folder, local_files_only=True)
    network = over(without_pooler(AutoModel.from_config(config, attn_implementation="eager")), tokenizer)
    network.load_state_dict(torch.load(folder / _WEIGHTS, weights_only=True, map_location="cpu"))
    return network.eval(), tokenizer


def pad(rows: list[list[int]], *, pad_id: int = 0) -> tuple[Tensor, Tensor]:
    """Ids and mask of shape (rows, longest), on ``DEVICE``."""
    width = max(map(len, rows))
    ids = torch.tensor([row + [pad_id] * (width - len(row)) for row in rows], device=DEVICE)
    mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows], device=DEVICE)
    return ids, mask
