"""What somebody who has a pack can find out: each attack that docs/packs.md describes, carried out."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from forensics import deriving, sources
from forensics.adapters import ModelName
from forensics.features import extract
from forensics.features.tokens import tokenise
from forensics.packs import building, file
from forensics.packs.forms import packed
from forensics.packs.keying import key_from, keyed_content
from forensics.records.case import Source
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


def text_of(folder: Path, model: int, probe: int) -> str:
    return str(json.loads((folder / f"model-{model}.jsonl").read_text("utf-8").splitlines()[probe])["answer"])


def test_with_the_salt_overlapping_runs_give_the_order_of_the_words_back(shared: Path, tmp_path: Path) -> None:
    """Chaining: from the opening on, the one run of five that begins with the last four words names the next."""
    pack = build(shared, tmp_path / "p.cohort")
    key = file.key_of(pack)
    wanted = tokenise(text_of(shared, 2, 7))
    words = sorted({word for m in range(4) for p in range(12) for word in tokenise(text_of(shared, m, p))})
    own = {size: set(held(pack, 2, "probe 7", size).tolist()) for size in (1, 5)}
    words = [word for word in words if guesses("probe 7", [word], key, 1)[0] in own[1]]
    read = wanted[:4]  # set phrases open most answers; the hash of the opening confirms the guess
    while True:
        longer = [word for word in words if guesses("probe 7", [" ".join([*read[-4:], word])], key, 5)[0] in own[5]]
        if len(longer) != 1 or len(read) >= len(wanted):
            break
        read.append(longer[0])
    assert len(read) > 0.8 * len(wanted), "nearly the whole answer, word by word"
    assert read == wanted[: len(read)]


def test_without_the_secret_runs_cannot_be_chained(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever knows every word and every unkeyed hash cannot tell which runs overlap: no bit of one is in the other."""
    monkeypatch.setenv(file.VARIABLE, "known to few")
    pack = build(shared, tmp_path / "p.cohort")
    monkeypatch.delenv(file.VARIABLE)
    one, five = (held(pack, 2, "probe 7", size) for size in (1, 5))
    bits = [np.unpackbits(values.astype(">u8").view(np.uint8).reshape(-1, 8), axis=1)[:, :48] for values in (one, five)]
    near = (bits[0][:, None] != bits[1][None]).sum(axis=2)
    assert near.min() > 8, "48 random bits differ in 24 on average"
    assert abs(near.mean() - 24) < 1.5


def test_without_the_secret_known_members_give_away_what_they_share(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two members whose texts are public, two who are not: words are known by who uses them how often."""
    monkeypatch.setenv(file.VARIABLE, "known to few")
    pack = build(shared, tmp_path / "p.cohort")
    monkeypatch.delenv(file.VARIABLE)
    named, wrong = 0, 0
    for p in range(12):
        known = (0, 1, 3)
        counts: dict[int, list[int]] = {}
        for place, model in enumerate(known):
            tokens, index = (file.arrays(pack, model, kind) for kind in ("tokens", "index"))
            raw = bytes.fromhex(prompt_digest(f"probe {p}").removeprefix("sha256:"))
            row = next(i for i, found in enumerate(index["prompts"]) if bytes(found) == raw)
            span = slice(*tokens["offsets1"][row : row + 2].tolist())
            for hashed, times in zip(tokens["grams1"][span].tolist(), tokens["times1"][span].tolist(), strict=True):
                counts.setdefault(hashed, [0, 0, 0])[place] = times
        texts = [tokenise(text_of(shared, model, p)) for model in known]
        patterns = {word: tuple(text.count(word) for text in texts) for text in texts for word in text}
        for hashed in held(pack, 2, f"probe {p}", 1).tolist():
            same = [word for word, pattern in patterns.items() if pattern == tuple(counts.get(hashed, ()))]
            alike = [other for other, pattern in counts.items() if pattern == counts.get(hashed)]
            if len(same) == len(alike) == 1:
                named += same[0] in tokenise(text_of(shared, 2, p))
                wrong += same[0] not in tokenise(text_of(shared, 2, p))
    assert named >= 10, "docs/packs.md: leave public models out of a pack whose key is withheld"
    assert wrong == 0


def test_known_prompts_are_recognised_with_and_without_the_secret(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(file.VARIABLE, "known to few")
    pack = build(shared, tmp_path / "p.cohort")
    monkeypatch.delenv(file.VARIABLE)
    asked = {bytes(row).hex() for row in file.arrays(pack, 0, "index")["prompts"]}
    guessed = [f"probe {p}" for p in range(30)]
    found = [prompt for prompt in guessed if prompt_digest(prompt).removeprefix("sha256:") in asked]
    assert found == guessed[:12]


def test_whether_a_known_text_is_in_a_pack_needs_its_key(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Membership: whoever has all of a model's answers recognises it, but not by their digest without the key."""
    plain = build(shared, tmp_path / "plain.cohort")
    monkeypatch.setenv(file.VARIABLE, "known to few")
    pack = build(shared, tmp_path / "p.cohort")
    kept = [file.arrays(path, 0, "index")["content"].tobytes() for path in (plain, pack)]
    digest = deriving.derived([source_of(shared / "model-0.jsonl")], [deriving.INDEX], 1)[0][deriving.INDEX]["content"]
    assert len(kept[0]) == len(kept[1]) == len(digest) == 32
    assert kept[0] != kept[1]
    assert digest.tobytes() not in kept
    assert keyed_content(digest.tobytes(), file.key_of(plain)) == kept[0], "with the salt it is confirmed"


def source_of(path: Path) -> Source:
    return sources.recorded_source(ModelName("replay", str(path)), "cohort", folder=path.parent.parent, declared={})


@pytest.mark.slow
def test_an_embedding_tells_its_text_among_candidates_whoever_has_the_key(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Inversion by the nearest candidate: no key hides an embedding, and half of a text is enough to be recognised."""
    pytest.importorskip("onnxruntime")
    monkeypatch.setenv(file.VARIABLE, "known to few")
    path = tmp_path / "e.cohort"
    building.build_folder(shared, path, models=None, embed="first", workers=1, say=lambda _: None)
    monkeypatch.delenv(file.VARIABLE)
    texts = [text_of(shared, 2, p) for p in range(12)]
    halves = [" ".join(text.split()[: len(text.split()) // 2 + 3]) for text in texts]
    rows = [bytes(row).hex() for row in file.arrays(path, 2, "index")["prompts"]]
    order = [rows.index(prompt_digest(f"probe {p}").removeprefix("sha256:")) for p in range(12)]
    vectors = file.arrays(path, 2, "embedding")["vector"][order]
    whole, half = (vectors @ extract("embedding", guessed)["vector"].T for guessed in (texts, halves))
    assert (whole.argmax(axis=1) == np.arange(12)).all()
    assert (half.argmax(axis=1) == np.arange(12)).mean() > 0.5
