import pytest
import torch
from tokenizers import Tokenizer
from transformers import BertModel

from friction.markers import MARKERS
from training.student import grow, teacher

FRENCH = [
    "le marché est fermé, la livraison marche mal",
    "la production a doublé et personne ne nous répond",
    "personne ne répond au marché, la livraison a doublé",
    "fermé, doublé, répond, livraison, personne, marché",
]


@pytest.fixture(scope="module")
def grown() -> tuple[BertModel, Tokenizer]:
    return grow(FRENCH, pieces=120)


def test_the_same_sentences_give_the_same_vocabulary_in_the_same_order(grown: tuple[BertModel, Tokenizer]) -> None:
    """The trainer alone does not: pieces that are equally frequent come in another order each time."""
    assert all(grow(FRENCH, pieces=120)[1].get_vocab() == grown[1].get_vocab() for _ in range(3))


def test_english_pieces_keep_their_published_weights(grown: tuple[BertModel, Tokenizer]) -> None:
    model, tokenizer = grown
    english, pieces = teacher()
    for word in ("sales", "never", "##ing", "market"):
        ours, theirs = tokenizer.token_to_id(word), pieces.token_to_id(word)
        assert torch.equal(
            model.embeddings.word_embeddings.weight[ours], english.embeddings.word_embeddings.weight[theirs]
        )


def test_a_french_piece_starts_as_the_mean_of_what_it_was_read_as(grown: tuple[BertModel, Tokenizer]) -> None:
    model, tokenizer = grown
    english, pieces = teacher()
    assert pieces.token_to_id("livraison") is None
    read_as = pieces.encode("livraison", add_special_tokens=False).ids
    assert len(read_as) > 1
    mean = english.embeddings.word_embeddings.weight[read_as].mean(0)
    assert torch.allclose(model.embeddings.word_embeddings.weight[tokenizer.token_to_id("livraison")], mean)


def test_accents_are_kept_and_markers_are_one_piece(grown: tuple[BertModel, Tokenizer]) -> None:
    _, tokenizer = grown
    assert tokenizer.encode("marché").ids != tokenizer.encode("marche").ids
    assert tokenizer.encode("L\u2019équipe").ids == tokenizer.encode("l'équipe").ids
    for marker in MARKERS:
        assert len(tokenizer.encode(marker, add_special_tokens=False).ids) == 1
