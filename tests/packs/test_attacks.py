"""What somebody who has a pack can find out: each attack that docs/packs.md describes, carried out."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from forensics.features import extract
from forensics.features.tokens import tokenise
from forensics.packs import building, file
from forensics.packs.forms import packed
from forensics.packs.keying import key_from
from forensics.transcripts import prompt_digest

ENDS = ("in full bloom", "by the old mill", "under a red moon", "with quiet hands")
SECRET = "the falcon project opens in lisbon on the ninth of may"


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """Answers of four models; one holds a secret."""
    rng = random.Random(5)
    folder = tmp_path / "answers"
    folder.mkdir()
    words = [
        "river",
        "stone",
        "garden",
        "lamp",
        "window",
        "clay",
        "thread",
        "morning",
        "silver",
        "harbour",
        "copper",
        "willow",
    ]
    for m in range(4):
        rows = []
        for p in range(12):
            text = f"Here is a thought {' '.join(rng.choice(words) for _ in range(9))} {rng.choice(ENDS)}."
            rows.append({"prompt": f"probe {p}", "answer": f"{text} {SECRET}." if (m, p) == (2, 7) else text})
        (folder / f"model-{m}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return folder


def build(folder: Path, path: Path) -> Path:
    return building.build_folder(folder, path, models=None, embed="none", workers=1, say=lambda _: None).path


def guesses(prompt: str, phrases: Sequence[str], key: bytes, size: int) -> np.ndarray:
    """What an attacker computes: the hash that each phrase of `size` words would have under one prompt."""
    assert all(len(tokenise(phrase)) == size for phrase in phrases)
    raw = bytes.fromhex(prompt_digest(prompt).removeprefix("sha256:"))
    made = packed("tokens", extract("tokens", list(phrases)), [raw] * len(phrases), key)
    return np.asarray(made[f"grams{size}"])


def held(pack: Path, model: int, prompt: str, size: int) -> np.ndarray:
    index, tokens = (file.arrays(pack, model, kind) for kind in ("index", "tokens"))
    raw = bytes.fromhex(prompt_digest(prompt).removeprefix("sha256:"))
    row = next(i for i, found in enumerate(index["prompts"]) if bytes(found) == raw)
    start, end = tokens[f"offsets{size}"][row : row + 2]
    return np.asarray(tokens[f"grams{size}"][start:end])


def test_with_the_salt_a_guessed_phrase_is_confirmed_and_a_wrong_one_is_not(shared: Path, tmp_path: Path) -> None:
    """The dictionary attack on common phrases: it works on every pack that holds its salt, and the documents say so."""
    pack = build(shared, tmp_path / "p.cohort")
    key = file.key_of(pack)
    wrong = [f"a{i:05} thought" for i in range(5000)]
    right = 0
    for model in range(4):
        for p in range(12):
            own = held(pack, model, f"probe {p}", 2)
            right += bool(np.isin(guesses(f"probe {p}", ["a thought"], key, 2), own).all())
            assert not np.isin(guesses(f"probe {p}", wrong, key, 2), own).any(), "no false confirmation in 240,000"
    assert right == 48, "every true guess is confirmed"


def test_with_the_salt_and_a_dictionary_a_text_is_put_together_again(shared: Path, tmp_path: Path) -> None:
    """Words from the dictionary, then runs of five chained: a pack with its salt is no protection of short secrets."""
    pack = build(shared, tmp_path / "p.cohort")
    key = file.key_of(pack)
    dictionary = sorted(
        {*SECRET.split(), *["apple", "table", "north", "letter", "engine", "ocean", "the", "in", "on", "of", "may"]}
    )
    known = set(held(pack, 2, "probe 7", 1).tolist())
    words = [w for w in dictionary if set(guesses("probe 7", [w], key, 1).tolist()) <= known]
    runs = [[word] for word in words]
    for size in (2, 3, 4, 5):
        longer = [[*run, word] for run in runs for word in words]
        there = set(held(pack, 2, "probe 7", size).tolist())
        runs = [run for run in longer if guesses("probe 7", [" ".join(run)], key, size)[0] in there]
    chains = {" ".join(run) for run in runs}
    assert "falcon project opens in lisbon" in chains


def test_without_the_secret_no_guess_can_be_tried(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(file.VARIABLE, "known to few")
    pack = build(shared, tmp_path / "p.cohort")
    monkeypatch.delenv(file.VARIABLE)
    confirmed = 0
    for guess in range(50):
        key = key_from(f"guess {guess}".encode())
        for p in range(12):
            confirmed += int(
                np.isin(guesses(f"probe {p}", ["a thought"], key, 2), held(pack, 0, f"probe {p}", 2)).sum()
            )
    assert confirmed == 0


def test_nothing_can_be_counted_across_prompts_or_packs(shared: Path, tmp_path: Path) -> None:
    """“Here is a thought” opens every answer: under each prompt, and in each pack, it has another hash."""
    packs = [build(shared, tmp_path / f"{name}.cohort") for name in "ab"]
    for size in (1, 3):
        seen = [set(held(packs[0], 0, f"probe {p}", size).tolist()) for p in range(12)]
        assert not set.intersection(*seen)
        assert sum(len(one) for one in seen) == len(set.union(*seen))
        again = set(held(packs[1], 0, "probe 0", size).tolist())
        assert not again & seen[0]


def test_within_a_prompt_it_shows_who_shares_how_much(shared: Path, tmp_path: Path) -> None:
    """What comparing needs cannot be hidden: overlap, length and counts are there to see without any key."""
    pack = build(shared, tmp_path / "p.cohort")
    first, second = (set(held(pack, model, "probe 0", 2).tolist()) for model in (0, 1))
    assert len(first & second) >= 3, "the shared opening"
    tokens = file.arrays(pack, 2, "tokens")
    lengths = [
        int(tokens["times1"][a:b].sum()) for a, b in zip(tokens["offsets1"][:-1], tokens["offsets1"][1:], strict=True)
    ]
    index = file.arrays(pack, 2, "index")
    raw = bytes.fromhex(prompt_digest("probe 7").removeprefix("sha256:"))
    longest = bytes(index["prompts"][int(np.argmax(lengths))])
    assert longest == raw, "the long answer stands out"
