"""The demo models: small language models with a known family tree, for checking the instrument offline in seconds.

Each is trained on the spot from its own share of the prose in the standard library's docstrings (parsed, never
imported). The shares are disjoint: no passage reaches two lineages, so two bases have nothing in common but English.
`CATALOGUE` declares who was made from whom; `load` trains a model when it is first asked for.

They are controls with a known truth, not language models to judge by: a method that fails on them is broken, and one
that passes on them is not thereby proven on real models. They differ between Python versions, because the docstrings do;
`corpus_digest` names the text that was used. Nothing here reads a network, writes a file or keeps a cache on disk.
"""

import ast
import difflib
import functools
import hashlib
import os
import re
import sysconfig
import threading
import warnings
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from forensics.ngram import LanguageModel, Passage, passages_of

Relation = Literal["base", "same_model", "trained_further", "distilled"]
PairRelation = Literal["same_model", "direct", "same_base", "teacher", "teacher_family", "shared_teacher", "unrelated"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoModel:
    """What is known about one demo model: its family tree, the truth that a measurement is checked against."""

    name: str
    lineage: str
    """The base it starts from; the unit of independence. A distilled model starts from text of its own."""
    parent: str | None
    """The model whose training it continues, if any."""
    teachers: tuple[str, ...]
    """Models whose generated answers it was trained on."""
    relation: Relation
    """How it was made: from scratch, as a second name of its parent, from its parent and more text, or from answers."""


_BASES = (
    "alder", "ash", "aspen", "beech", "birch", "cedar", "cherry", "elm", "fir", "hazel",
    "holly", "juniper", "larch", "linden", "maple", "oak", "pine", "rowan", "spruce", "willow",
)  # fmt: skip
_TUNED = (
    "alder", "ash", "aspen", "beech", "birch", "cedar", "cherry", "elm", "fir", "hazel", "holly", "juniper",
)  # fmt: skip
_REVISED = ("cedar", "hazel")  # trained further apart from -tuned: the two share a base and nothing more
_DISTILLED = ("birch", "cherry", "larch", "maple")
_MIRRORED = ("alder", "linden")


def _catalogue() -> Iterator[DemoModel]:
    for base in _BASES:
        yield DemoModel(name=base, lineage=base, parent=None, teachers=(), relation="base")
    for suffix, parents in (("tuned", _TUNED), ("revised", _REVISED)):
        for parent in parents:
            name = f"{parent}-{suffix}"
            yield DemoModel(name=name, lineage=parent, parent=parent, teachers=(), relation="trained_further")
    for teacher in _DISTILLED:
        name = f"{teacher}-distilled"
        yield DemoModel(name=name, lineage=name, parent=None, teachers=(teacher,), relation="distilled")
    for parent in _MIRRORED:
        name = f"{parent}-mirror"
        yield DemoModel(name=name, lineage=parent, parent=parent, teachers=(), relation="same_model")


CATALOGUE: Mapping[str, DemoModel] = MappingProxyType({model.name: model for model in _catalogue()})
"""Every demo model by name, bases first. Reading it trains nothing."""


def relation_between(a: str, b: str) -> PairRelation:
    """Return what truly holds between two demo models; symmetric. Raises ValueError for an unknown name.

    `direct`: one was trained further from the other. `teacher_family`: one learnt from a relative of the other.
    """
    first, second = _original(_known(a)), _original(_known(b))
    if first is second:
        return "same_model"
    if first.lineage == second.lineage:
        return "direct" if first.name == second.parent or second.name == first.parent else "same_base"
    if first.name in second.teachers or second.name in first.teachers:
        return "teacher"
    if first.lineage in _schools(second) or second.lineage in _schools(first):
        return "teacher_family"
    return "shared_teacher" if _schools(first) & _schools(second) else "unrelated"


def _original(model: DemoModel) -> DemoModel:
    return CATALOGUE[model.parent] if model.relation == "same_model" and model.parent else model


def _schools(model: DemoModel) -> frozenset[str]:
    return frozenset(CATALOGUE[teacher].lineage for teacher in model.teachers)


def _known(name: str) -> DemoModel:
    if name in CATALOGUE:
        return CATALOGUE[name]
    close = difflib.get_close_matches(name[:100].lower(), CATALOGUE, n=3, cutoff=0.5)
    meant = f"Did you mean {', '.join(close)}?" if close else f"Known are {', '.join(CATALOGUE)}."
    raise ValueError(f"There is no demo model named {name[:100]!r}. {meant}")


# --- training text -----------------------------------------------------------------------------------------------

_LEFT_OUT = frozenset({
    # Third-party and test code, and what some distributions of the same Python leave out or put elsewhere.
    "site-packages", "dist-packages", "test", "tests", "__pycache__", "lib-dynload", "idlelib", "lib2to3", "tkinter",
    "turtledemo", "distutils", "ensurepip", "venv", "encodings", "pydoc_data",
})  # fmt: skip
_PARAGRAPHS_NEEDED = 2000
_SIZES: Mapping[Relation, int] = MappingProxyType({"base": 10, "trained_further": 5, "distilled": 4})
# Sizes of the shares, relative to one another; a second name has no text of its own.


@functools.cache
def _paragraphs() -> tuple[str, ...]:
    """Every distinct paragraph of prose in the standard library's docstrings, in order of path and place."""
    root = sysconfig.get_path("stdlib")
    found: dict[str, None] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # invalid escapes in the library's own strings
        for docstring in _docstrings(root):
            for paragraph in re.split(r"\n[ \t]*\n", docstring):
                text = " ".join(paragraph.split())
                if _is_prose(text):
                    found[text] = None
    if len(found) < _PARAGRAPHS_NEEDED:
        raise FileNotFoundError(
            f"The demo models are trained on the standard library's source, and {root} holds only {len(found)} "
            f"paragraphs of documentation ({_PARAGRAPHS_NEEDED} are needed): use a Python installed with its .py files."
        )
    return tuple(found)


def _docstrings(root: str) -> Iterator[str]:
    for folder, subfolders, files in os.walk(root):
        subfolders[:] = sorted(name for name in subfolders if name not in _LEFT_OUT and "-" not in name)
        for file in sorted(name for name in files if name.endswith(".py")):
            source = Path(folder, file).read_bytes()
            if b'"""' not in source:
                continue
            try:
                nodes: list[ast.AST] = [ast.parse(source)]
            except (SyntaxError, ValueError):  # not Python of this version: nothing to learn from it
                continue
            while nodes:
                node = nodes.pop()
                if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                    nodes.extend(reversed(node.body))
                    yield ast.get_docstring(node) or ""


def _is_prose(text: str) -> bool:
    """Six words or more, no doctest, and hardly anything but letters: no tables, signatures or code."""
    readable = sum(letter.isalpha() or letter == " " for letter in text)
    return text.count(" ") >= 5 and ">>>" not in text and readable >= 0.88 * len(text)


@functools.cache
def corpus_digest() -> str:
    """Return the SHA-256 (64 hexadecimal digits) of all training text: where it is equal, so are the models.

    Raises FileNotFoundError where the standard library is installed without its source.
    """
    return hashlib.sha256("\0".join(_paragraphs()).encode("utf-8", "surrogatepass")).hexdigest()


@functools.cache
def _shares() -> Mapping[str, tuple[Passage, ...]]:
    """Disjoint training passages by model. A paragraph goes where its own digest says, whatever the others are."""
    units = {name: _SIZES[model.relation] for name, model in CATALOGUE.items() if model.relation in _SIZES}
    names, bounds = list(units), list(accumulate(units.values()))
    shares: dict[str, list[Passage]] = {name: [] for name in names}
    for text in _paragraphs():
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
        place = int.from_bytes(digest[:8], "big") % bounds[-1]
        shares[names[bisect_right(bounds, place)]].extend(passages_of(text))
    return {name: tuple(passages) for name, passages in shares.items()}


# --- training ----------------------------------------------------------------------------------------------------

_LESSONS = (
    "Return the", "If the", "This class", "The argument", "When a", "Raise an error", "All of the", "The name",
    "Set the", "A list of", "It is", "You can", "Note that", "The result", "An object", "Each", "Used by", "Create a",
    "There is no", "The method", "For every", "Called when", "This function", "Read the", "Write a", "Check that",
    "By default", "The value", "These are", "In this case",
)  # fmt: skip
_LESSON_DRAWS = 8
_TRAINING = threading.RLock()  # so that threads asking together do not read the library and train twice


def load(name: str) -> LanguageModel:
    """Return a demo model, trained when first asked for (tens of milliseconds; the first reads the library, 1-2 s).

    Raises ValueError for an unknown name, with the nearest known ones, and FileNotFoundError where the standard library
    is installed without its source.
    """
    with _TRAINING:
        return _train(_known(name).name)


@functools.cache
def _train(name: str) -> LanguageModel:
    return LanguageModel(name, _curriculum(CATALOGUE[name]))


def _curriculum(model: DemoModel) -> Iterator[Passage]:
    if model.parent:
        yield from _curriculum(CATALOGUE[model.parent])
    yield from _shares().get(model.name, ())
    for teacher in model.teachers:
        yield from _lessons(teacher)


def _lessons(teacher: str) -> Iterator[Passage]:
    """Yield a teacher's answers to prompts of our own, at temperature 1: what it knows, not only what it prefers."""
    model = _train(teacher)
    for lesson in _LESSONS:
        for draw in range(_LESSON_DRAWS):
            yield from passages_of(model.generate(lesson, seed=draw, temperature=1.0))
