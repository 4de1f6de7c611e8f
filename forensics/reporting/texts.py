"""The fixed sentences of a report: questions, limits, how to read. Neutral words only (`wording.forbidden`)."""

from __future__ import annotations

from forensics.records.base import Question

QUESTIONS: dict[Question, str] = {
    "equality": "Do both endpoints serve the same model?",
    "derivation": "Was the questioned model made from the reference's weights, or both from one instruction-tuned parent?",
    "distillation": "Was the questioned model trained on the outputs of the reference?",
    "shared_ancestry": "Do both models start from the same base weights, and share nothing more?",
}

LIMITS = (
    (
        "The comparison speaks about the source of behaviour only. It does not show who did what, when or how, and it does "
        "not show infringement of any right."
    ),
    (
        "Close behaviour can have innocent causes: the same base weights, the same public training data, outputs of one model "
        "that reached the public web, or the same kind of instruction."
    ),
    (
        "A likelihood ratio weighs the findings under two propositions. It is not the probability that either of them is true; "
        "that also depends on everything else known about the case."
    ),
    "A rank says which of the models compared is nearest. Models that were not compared may be nearer.",
)
"""What no report of this kind can show."""

STATISTICS_READING = {
    "lexical": "Words and short runs of words that both answers use count by how few of the other models used them in "
    "their answer to the same probe. What everybody writes counts for nothing.",
    "phrases": "Runs of three to five words that both answers hold count by their rarity, less what is usual for either "
    "side, so that a model resembling everybody gains nothing by it.",
    "rare": "Runs of three to five words that hardly any other model writes. They tell habits and knowledge that survive "
    "further training, and so may come from common base weights alone.",
    "semantic": "Meanings, as a sentence-embedding model sees them, less what all answers to the probe have in common.",
    "style": "Habits of layout, punctuation and function words, less what is usual on the probe.",
    "answers": "On probes with a known right answer: equal answers beyond what both sides' accuracy explains, equal wrong "
    "answers counting by their rarity.",
    "choice": "Free choices drawn many times: how alike the shares of each choice are on both sides.",
    "identity": "Whom each model says it was made by. Systems are told who to be, and many were trained on answers that name "
    "somebody else.",
    "refusal": "Which probes both sides decline, beyond what their rates of refusing predict. It speaks of the source of the "
    "safety tuning, not of the capability.",
    "verbatim": "The longest passage that both sides hold word for word and hardly any other model wrote. Common phrases and "
    "quotations make long passages too.",
    "opening": "Answers that begin with the same words count by how few of the other models began so on the same probe.",
}
"""What a statistic listens to, in plain words; others show their summary."""

NORMALISATIONS = {
    "s-norm": (
        "standard deviations",
        "how far the pair lies from what both sides share with unrelated models on average; 0 is average",
    ),
    "robust s-norm": (
        "deviations by median and MAD",
        "the same by median and spread about it, which single models cannot shift; 0 is the middle",
    ),
    "near-cohort": (
        "leads of the nearest twelfth",
        "how far the pair lies beyond the nearest twelfth of the unrelated models, counted in their own lead over the "
        "average; 0 is as near as those, −1 is average",
    ),
}
"""Unit and meaning of a normalised value, by the normalisation's name."""


def unit_of(normalisation: str | None) -> str:
    """Return the unit of a value normalised in some way."""
    return NORMALISATIONS[normalisation][0] if normalisation in NORMALISATIONS else "normalised score"
