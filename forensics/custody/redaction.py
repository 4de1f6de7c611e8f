"""A redacted edition of a bundle: answers or files taken out, everything else provably as it was sealed.

What is left must not tell what was removed, not even to somebody who guesses: plain digests of anything that depends on
what was removed are replaced by salted commitments, and the links of a transcript are cut from the first removal on.
Edited files lie under redacted/; every other file is as it was. Numbers in scores and evidence stay.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Final, get_args

from forensics import __version__, canonical, importing, registry, scoring
from forensics import case as case_files
from forensics.custody import answers, payload, rocrate, rules, sealing, seals, stamping
from forensics.custody.clock import now
from forensics.custody.hashing import Scanned, of_bytes, scan
from forensics.custody.rules import Rule
from forensics.custody.silencing import Silence, silenced
from forensics.errors import UsageError
from forensics.records.case import Case, Source
from forensics.records.custody import KeptAnswers, KeptFile, Register, Removed, Salts
from forensics.records.evidence import Evidence
from forensics.records.transcript import Answer
from forensics.reporting.layout import make
from forensics.reporting.parts import Style

REGISTER: Final = "redaction.json"
ORIGINAL: Final = "original"
EDITED: Final = "redacted"
_NEVER_KEPT = (payload.SALTS, f"{payload.OBSERVATIONS_SEAL}/{payload.LISTING}", rocrate.NAME)
"""Files that would undo the commitments, or list plain digests."""


@dataclass
class _Work:
    """What is known while an edition is made."""

    data: Path
    seed: bytes
    rules: Sequence[Rule]
    files: dict[str, Scanned]
    case: Case
    out: dict[str, bytes | Path] = field(default_factory=dict)
    removed: list[Removed] = field(default_factory=list)
    kept: list[KeptAnswers] = field(default_factory=list)
    whole: dict[str, str] = field(default_factory=dict)
    """Reason for each file that is not kept as it was."""
    silent: set[tuple[str, str]] = field(default_factory=set)
    """Model and prompt digest of each answer that was removed."""
    replaced: dict[str, str] = field(default_factory=dict)
    """Plain digests (hexadecimal) and what stands in their place."""


def redact(bundle: Path, output: Path, texts: Sequence[str], wanted: sealing.Wanted) -> Register:
    """Write a redacted edition of a bundle's folder, which was checked before, under a seal of its own.

    Raises UsageError where a rule fits nothing or what it names still stands in a file that is kept.
    """
    if output.exists():
        raise UsageError(f"{output} exists already.", remedy="Name a new folder: a bundle is never written over.")
    wished = rules.parse(texts)
    data = bundle / sealing.BAG / "data"
    work = _Work(
        data=data,
        seed=bytes.fromhex(Salts.model_validate_json((data / payload.SALTS).read_bytes()).seed),
        rules=wished,
        files={p.relative_to(data).as_posix(): scan(p) for p in sorted(data.rglob("*")) if p.is_file()},
        case=case_files.read_case(data),
    )
    _answers(work)
    _records(work)
    register = _register(work)
    work.out[REGISTER] = canonical.pretty(register.model_dump(mode="json", by_alias=True))
    for name in [*seals.FILES, *(f"{stamping.TOKENS}/{p.name}" for p in sorted((bundle / stamping.TOKENS).glob("*")))]:
        work.out[f"{ORIGINAL}/{name}"] = bundle / name
    _check_silence(work)
    _write(work, bundle, output, wanted)
    return register


def _answers(work: _Work) -> None:
    """Go through every answer, and take out what a rule fits."""
    leaf = 0
    sources = {s.path: s for s in (work.case.reference, work.case.questioned, *work.case.cohort)}
    for path in sorted(filter(answers.is_answers, work.files)):
        source = sources.get(path)
        rule = rules.for_file(work.rules, path, source.name if source else None)
        if answers.is_chained(path):
            leaf += _transcript(work, path, source, rule, leaf)
            continue
        rule = rule or _fits_foreign(work, path, source)
        salt = answers.line_salt(work.seed, path, 0)
        if rule:
            work.whole[path] = rule.reason
            kept = answers.commitment(salt, bytes.fromhex(work.files[path].sha256))
            work.removed.append(_removed(path, 0, leaf, kept, rule.reason))
        work.kept.append(KeptAnswers(path=path, first=leaf, salts=(None if rule else salt.hex(),)))
        leaf += 1


def _transcript(work: _Work, path: str, source: Source | None, rule: Rule | None, first: int) -> int:
    """Take answers out of one transcript; returns its number of leaves."""
    salts: list[str | None] = []
    edited: list[bytes] = []
    cut = False
    for number, line in enumerate(answers.lines_of((work.data / path).read_bytes()), start=1):
        salt = answers.line_salt(work.seed, path, number)
        answer = Answer.model_validate_json(line) if number > 1 else None
        fits = (rule or rules.for_answer(work.rules, answer)) if answer else None
        if answer and fits:
            leaf = answers.commitment(salt, answers.content_of(line, header=False))
            work.removed.append(_removed(path, number, first + number - 1, leaf, fits.reason))
            work.silent.add((source.name if source else "", answer.prompt_digest))
            if fits.kind == "probe":
                work.replaced[_hex(answer.prompt_digest)] = sha256(
                    work.seed + answer.prompt_digest.encode()
                ).hexdigest()
            edited.append(canonical.line({"removed": f"sha256:{leaf.hex()}", "reason": fits.reason}))
            salts.append(None)
            cut = True
        else:
            # From the first removal on every link depends on what was removed: a guess could be tried against it.
            edited.append(line[: -answers.TAIL] + b"}\n" if cut else line)
            salts.append(salt.hex())
    if cut:
        work.whole[path] = "answers removed"
        work.out[f"{EDITED}/{path}"] = b"".join(edited)
    work.kept.append(KeptAnswers(path=path, first=first, salts=tuple(salts)))
    return len(salts)


def _fits_foreign(work: _Work, path: str, source: Source | None) -> Rule | None:
    """Say whether a rule fits a file in a foreign format: such a file is taken out whole."""
    if source is None:
        return None
    transcript = importing.read_transcript(work.data / path, importer=source.format.partition("?")[0])
    for entry in transcript.entries:
        for rule in work.rules:
            if rule.kind == "probe" and rule.value == entry.prompt_digest:
                return rule
        fits = rules.for_text(work.rules, f"{entry.prompt}\n{entry.text}")
        if fits:
            return fits
    return None


def _records(work: _Work) -> None:
    """Replace every plain digest that depends on what was removed, and lay reports out again."""
    for path in work.files:
        rule = rules.for_file(work.rules, path, None)
        if rule:
            work.whole.setdefault(path, rule.reason)
    if not work.whole:
        raise UsageError("No rule fits anything in this bundle.", remedy="Nothing was written; check the rules.")
    for path in list(work.whole):
        _replace_digest(work, path)
    for path in (case_files.CASE, case_files.SCORES, case_files.EVIDENCE, case_files.LIKELIHOODS, payload.LOG):
        if path in work.files and path not in work.whole:
            work.whole[path] = "digests of what was removed"
            _replace_digest(work, path)
    work.replaced[_hex(scoring.case_digest(work.case))] = work.replaced[work.files[case_files.CASE].sha256]
    for path in (case_files.CASE, case_files.SCORES, payload.LOG):
        if path in work.files:
            work.out[f"{EDITED}/{path}"] = _substituted(work, (work.data / path).read_bytes())
    work.whole.update(dict.fromkeys(_NEVER_KEPT, "would undo the commitments"))
    evidence = _evidence(work)
    work.out[f"{EDITED}/{case_files.EVIDENCE}"] = case_files.as_written(evidence)
    _reports(work, evidence)


def _replace_digest(work: _Work, path: str) -> None:
    work.replaced[work.files[path].sha256] = _file_leaf(work, path).hex()


def _substituted(work: _Work, content: bytes) -> bytes:
    for plain, instead in work.replaced.items():
        content = content.replace(plain.encode(), instead.encode())
    return content


def _evidence(work: _Work) -> Evidence:
    """Return the evidence without what was removed: numbers stay, excerpts go."""
    plain = case_files.read_evidence(work.data)
    gone = {row.path for row in work.removed if row.line == 0}
    sources = (work.case.reference, work.case.questioned, *work.case.cohort)
    silence = Silence(
        rules=work.rules,
        answers=work.silent,
        models={source.name for source in sources if source.path in gone},
        prompts={
            e.contribution.prompt_digest for e in plain.exhibits if _hex(e.contribution.prompt_digest) in work.replaced
        },
    )
    content = json.loads(_substituted(work, case_files.as_written(plain)))
    for exhibit, before in zip(content["exhibits"], plain.exhibits, strict=True):
        left = silenced(before.model_dump(mode="json"), silence)
        exhibit.update({"prompt": left["prompt"], "excerpts": left["excerpts"]})
    return Evidence.model_validate_json(json.dumps(content))


def _reports(work: _Work, evidence: Evidence) -> None:
    """Lay the edited evidence out in the formats that the bundle holds; the reports as they were are left out."""
    for style in get_args(Style):
        report = make(evidence, style=style)
        for listed in registry.catalogue("formats"):
            # A format's summary begins with the files it writes.
            suffix = PurePosixPath(listed.summary.partition(":")[0].partition(" ")[0]).suffix
            first = report.cells if suffix == ".csv" else f"{report.stem}{suffix}"
            if first in work.files and listed.fault is None:
                made = registry.load("formats", listed.name).render(report)
                work.out.update({f"{EDITED}/{path}": made[path] for path in made if path in work.files})
    for path in work.files:
        if path.startswith(("report.", "tables/", "figures/")):
            work.whole.setdefault(path, "laid out again from the edited evidence")


def _register(work: _Work) -> Register:
    """List what was removed, and the salts of what was not."""
    kept = []
    for leaf, path in enumerate(sorted(work.files)):
        if path not in work.whole:
            work.out[path] = work.data / path
            kept.append(KeptFile(path=path, leaf=leaf, salt=answers.file_salt(work.seed, path).hex()))
            continue
        row = _removed(path, None, leaf, _file_leaf(work, path), work.whole[path])
        work.removed.append(row.model_copy(update={"replaced": f"{EDITED}/{path}" in work.out}))
    return Register(
        schema="forensics/redaction/1",
        rules=tuple(rule.shown() for rule in work.rules),
        removed=tuple(work.removed),
        kept_files=tuple(kept),
        kept_answers=tuple(work.kept),
    )


def _check_silence(work: _Work) -> None:
    """Refuse an edition in which what was removed can still be read or guessed."""
    needles = {
        spelling: "the text of a rule"
        for rule in work.rules
        if rule.kind == "contains"
        for spelling in rules.spellings(rule)
    }
    needles.update({plain.encode(): "a digest of what was removed" for plain in work.replaced})
    needles[work.seed.hex().encode()] = "the secret of the commitments"
    for path, content in work.out.items():
        data = content if isinstance(content, bytes) else content.read_bytes()
        for needle, what in needles.items():
            if needle in data:
                raise UsageError(
                    f"{path} would still hold {what}.", remedy=f"Take it out as well: --rule 'file:{path}|REASON'."
                )


def _write(work: _Work, bundle: Path, output: Path, wanted: sealing.Wanted) -> None:
    made = now()
    output.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(dir=output.parent, prefix=f".{output.name}."))
    try:
        place = partial / sealing.BAG / "data"
        for path, content in work.out.items():
            canonical.write_atomic(
                place / path, content if isinstance(content, bytes) else content.read_bytes(), durable=False
            )
        files: Mapping[str, Scanned] = {path: scan(place / path) for path in work.out}
        crate = rocrate.metadata(work.case, files, date=made[:10], tool=__version__)
        canonical.write_atomic(place / rocrate.NAME, crate)
        title = f"Redacted edition: {work.case.questioned.name} compared with {work.case.reference.name}"
        pinned = sealing.write_tags(
            partial, {**files, rocrate.NAME: of_bytes(crate)}, date=made[:10], describes=title, redacted=True
        )
        seal = seals.draft("redaction", seals.read(bundle)[1], wanted.signer, pinned, made=made)
        seals.write(partial, seal, wanted.signer, authorities=wanted.authorities, say=wanted.say)
        partial.chmod(0o755)
        partial.rename(output)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def _file_leaf(work: _Work, path: str) -> bytes:
    return answers.commitment(answers.file_salt(work.seed, path), bytes.fromhex(work.files[path].sha256))


def _removed(path: str, line: int | None, leaf: int, commitment: bytes, reason: str) -> Removed:
    return Removed(
        path=path, line=line, leaf=leaf, commitment=f"sha256:{commitment.hex()}", reason=reason, replaced=bool(line)
    )


def _hex(digest: str) -> str:
    return digest.removeprefix("sha256:")
