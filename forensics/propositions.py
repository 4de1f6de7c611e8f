"""What is weighed against what, in words. Nothing here is computed."""

from __future__ import annotations

from forensics.records.base import Question
from forensics.records.evidence import Alternative, Propositions

HP: dict[Question, str] = {
    "equality": "{questioned} and {reference} are served by the same model",
    "derivation": (
        "{questioned} was made from the weights of {reference}, or both were made from one instruction-tuned parent "
        "(by fine-tuning, preference tuning, merging, quantising or a system prompt)"
    ),
    "distillation": "{questioned} was trained on the outputs of {reference}",
    "shared_ancestry": "{questioned} and {reference} start from the same base weights, and share nothing more",
}

INDEPENDENT: dict[Question, str] = {
    "equality": "{questioned} and {reference} are served by different models",
    "derivation": "{questioned} and {reference} were developed independently of each other",
    "distillation": "{questioned} and {reference} were developed independently of each other",
    "shared_ancestry": "{questioned} and {reference} start from different base weights",
}

COMMON_SOURCE = (
    "{questioned} and {reference} resemble each other through a common third source: the same base weights, the same "
    "public training data, or outputs of {reference} that had reached the public web"
)


def propositions(question: Question, *, reference: str, questioned: str) -> Propositions:
    """Return the propositions of a question for a pair of models."""
    names = {"reference": reference, "questioned": questioned}
    alternatives = [Alternative(id="independent", text=INDEPENDENT[question].format(**names))]
    if question != "equality":
        alternatives.append(Alternative(id="common_source", text=COMMON_SOURCE.format(**names)))
    return Propositions(hp=HP[question].format(**names), hd=tuple(alternatives))
