"""The fixed sentences of the court style: status, limits, what the expert is asked for, glossary. Neutral words only.

References are to the rules of England and Wales; each carries the mark † and is for a lawyer to check. Nothing here is
legal advice. The words of PD 35 3.2(9) and 3.3 were compared with published copies of the amendment of 1 October 2020,
the numbering of PD 35 3.2 with published copies of the practice direction; that does not replace the lawyer.
"""

from __future__ import annotations

from forensics.reporting.texts import LIMITS

TO_COMPLETE = "To be completed by the expert"
"""Stands above everything that only a human can say."""
CHECK = "†"
"""Marks a reference that a lawyer must check."""

COURT_LIMITS = (
    LIMITS[0],
    (
        "It says nothing on whether a right subsists, who owns it, whether anything protected was taken, whether a "
        "contract or a licence was broken, or whether anything was confidential. It shows no act of any person, and no "
        "infringement."
    ),
    *LIMITS[1:],
)
"""The box of legal limits."""

STATUS = (
    (
        "This annex was laid out by the program forensics {tool} from one record, evidence.json ({digest}). It is made to "
        "be attached to the report of a human expert. It is not an expert's report, holds no opinion of its author's, "
        "and is signed by nobody."
    ),
    (
        "Boxes headed “To be completed by the expert” hold what only a human can say. Words already standing in such a box "
        "are a draft taken from the tables: the expert checks them, changes them or strikes them out, and answers for "
        "what is left."
    ),
    (
        "Every number stands in evidence.json; nothing was computed in laying it out. Each cell of a table has an id of the "
        "form table.row.column, by which both sides can cite it. Unit, n and the digest of the source file of every cell "
        "are in {cells}, and each table is also a CSV file."
    ),
    (
        "References are to the Civil Procedure Rules of England and Wales, Part 35 (CPR 35), and to its Practice Direction "
        "(PD 35). Each is marked † and is for a lawyer to check: whether it applies to these proceedings, and whether its "
        "wording is current."
    ),
)

DECLARATION = (
    (
        "No part of this annex was written by a language model. Its sentences are fixed texts of the program, or "
        "composed by fixed rules from values of the evidence."
    ),
    (
        "The language models compared are the object of the examination: their answers are evidence and are quoted "
        "as such in the exhibits. The table lists every place where a language model or a sentence-embedding model had "
        "a part in the numbers."
    ),
)

RANGE = (
    "The evidence holds what other choices of method would have given. The table states, for each quantity, the value as "
    "reported, and the lowest and the highest value under one thing done differently; every single variation stands "
    "in the table of sensitivity.",
    "It is a range over choices of method within this program. Whether other experts would hold other opinions, on other "
    "grounds, is for the expert to say.",
)

DUTY = (
    "I understand my duty to the court, and have complied with that duty.",
    "I am aware of the requirements of Part 35 of the Civil Procedure Rules, of Practice Direction 35 and of the Guidance "
    "for the Instruction of Experts in Civil Claims 2014.",
)
"""PD 35 3.2(9), CPR 35.10(2)."""

TRUTH = (
    "I confirm that I have made clear which facts and matters referred to in this report are within my own knowledge and "
    "which are not. Those that are within my own knowledge I confirm to be true. The opinions I have expressed represent "
    "my true and complete professional opinions on the matters to which they refer.",
    "I understand that proceedings for contempt of court may be brought against anyone who makes, or causes to be made, a "
    "false statement in a document verified by a statement of truth without an honest belief in its truth.",
)
"""PD 35 3.3, in the wording of 1 October 2020."""

INTRODUCTIONS: dict[str, tuple[str, ...]] = {
    "propositions": ("The findings are weighed under the propositions of this table. Hp is one; each Hd is an alternative to it.",),
    "scale": ("The words used for a likelihood ratio are taken from this scale and from nowhere else. The step that applies is set in bold.",),
    "findings": (
        "A statistic is one way of measuring how close two models' answers to the same probes are. Each was computed for the pair and for "
        "every cohort model with either side. Those marked as exhibits are shown and never weighed.",
    ),
    "population": ("Closeness means little by itself: some is usual. The pair is judged against these models, grouped by lineage.",),
    "conditions": (
        "A calibration was validated on other pairs, under conditions of their own. The table sets the conditions of this case beside them.",
    ),
    "validation": ("How the calibration did on pairs whose relation is known, with their lineages left out while it was fitted.",),
    "misleading": (
        "How often a likelihood ratio pointed the wrong way on pairs whose relation is known, and whether large ratios were as rare as they must be.",
    ),
    "sensitivity": ("Each line repeats the measurement with one thing done differently.",),
    "controls": ("Pairs whose relation is known, measured with the same suite as the case itself.",),
    "failures": ("What went otherwise than planned, what the reader is warned of, and what became of every answer asked for.",),
    "custody": ("The files the evidence was made from, each with the SHA-256 digest of its bytes. Whoever holds a file can check it.",),
    "versions": ("The program's parts and settings. The same inputs, versions and seed give the same evidence, byte for byte.",),
}  # fmt: skip
"""What opens each chapter that the court style shares with the analyst's, by the chapter's id."""

GLOSSARY = (
    ("behaviour", "What a model answers when it is asked; nothing is known here of its insides."),
    ("calibration", "The rule that turns a score into a likelihood ratio, fitted on pairs of known relation."),
    ("cap", "The largest likelihood ratio that the validation data can support. Nothing beyond it is reported."),
    ("Cllr", "A cost of likelihood ratios over pairs of known relation: 0 is perfect, 1 says nothing."),
    ("cohort", "Other models that answered the same probes: what closeness is usual is read from them."),
    ("digest", "A number (SHA-256) computed from a file's bytes. Any change of the file changes it."),
    ("draw", "One answer to a probe, where the probe was put several times."),
    ("embedding", "Numbers that stand for the meaning of a text, made by a small neural network of fixed version."),
    ("empirical cross-entropy (ECE)", "The cost of likelihood ratios at every prior; drawn as a curve."),
    ("exhibit", "A file or a probe that is shown; also a statistic that is shown and never weighed."),
    ("finding", "What one statistic measured in this case."),
    ("Hp, Hd", "The proposition of a common source of the kind asked about, and an alternative to it."),
    ("interval", "The values between which a quantity would fall in so many per cent of repetitions, as the table says."),
    ("likelihood ratio (LR)", "How many times more probable the findings are under one proposition than under another. It "
     "is not the probability of either."),
    ("lineage", "All models that share a developer's base family: the unit of independence."),
    ("log10 LR", "The likelihood ratio as a power of ten: 1 is ten, 2 is a hundred, 0 supports neither."),
    ("misleading evidence", "A likelihood ratio that supports the proposition which is not true."),
    ("model", "A language model."),
    ("normalised score", "How far the pair's score lies from what either side shows with unrelated models."),
    ("PAV", "Pool-adjacent-violators: the best calibration that the order of the scores allows, for comparison."),
    ("probe", "A text put to every model."),
    ("questioned model", "The model whose source is asked about."),
    ("raw score", "What a statistic measured, on its own scale."),
    ("reference model", "The model it is compared with."),
    ("Tippett plot", "For pairs of known relation: the share whose likelihood ratio is at least so large."),
    ("Turing check", "Large ratios must be rare where Hp is not true; the check says whether they were."),
)  # fmt: skip
"""Terms and their meaning in this annex."""
