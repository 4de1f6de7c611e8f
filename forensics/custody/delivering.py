"""What the commands call: options in, files out. Every step is done elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from forensics.custody import archive, checking, drafting, keys, log, payload, protocols, redaction, sealing, timestamps
from forensics.custody.findings import Findings, raise_if_any
from forensics.custody.stamping import Authorities, Say, Trust
from forensics.errors import IntegrityBroken, UsageError
from forensics.preparing import Wanted
from forensics.records.transcript import Sampling


def wanted(
    *,
    key: Path | None,
    tsa: Sequence[str],
    tsa_ca: Sequence[Path],
    require_tsa: bool,
    ask: Callable[[], str],
    say: Say,
) -> sealing.Wanted:
    """Open the key and read the authorities' certificates; raises UsageError or BadFile before anything is done."""
    certificates = timestamps.joined([path.read_bytes() for path in tsa_ca])
    if certificates is not None and not timestamps.read_certificates(certificates):
        raise UsageError(f"{tsa_ca[0]} holds no certificates.", remedy="Name a PEM file.")
    if require_tsa and not tsa:
        raise UsageError("A time stamp is required, but no authority was named.", remedy="Name one with --tsa URL.")
    signer = keys.load(key or keys.default_path(), ask=keys.passphrase_from(ask))
    return sealing.Wanted(signer, Authorities(tuple(tsa), certificates, required=require_tsa), say)


def protocol(
    folder: Path,
    by: sealing.Wanted,
    *,
    analyst: str,
    rules: Sequence[str],
    secret_probes: bool,
    sampling: Sampling,
    statistics: Sequence[str],
    **options: Any,
) -> Path:
    """Draft a protocol from a command's options, and seal it in a new case; returns its path."""
    asked = Wanted(
        folder=folder,
        sampling=sampling,
        statistics=tuple(statistics) or None,
        **options,
    )
    drafted, opening = drafting.draft(asked, analyst=analyst, rules=rules, secret_probes=secret_probes)
    with log.watched(folder, "protocol"):
        return protocols.write(folder, drafted, opening, by.signer, authorities=by.authorities, say=by.say)


def seal(case: Path, output: Path, by: sealing.Wanted, *, zipped: bool) -> list[Path]:
    """Seal a case in a bundle, and as an archive where one is wanted; returns what was written."""
    _refuse_inside(output, case)
    sealing.seal(case, output, by)
    return [output, *_zipped(output, zipped=zipped)]


def redact(
    bundle: Path, output: Path, rules: Sequence[str], by: sealing.Wanted, *, zipped: bool, say: Say
) -> list[Path]:
    """Check a bundle, and write a redacted edition of it; returns what was written. Raises IntegrityBroken."""
    _refuse_inside(output, bundle)
    if bundle.is_file():
        found = Findings()
        with archive.unpacked(bundle, found) as folder:
            raise_if_any(found, bundle)
            if folder is None:
                raise IntegrityBroken(f"{bundle} cannot be unpacked.", remedy="Ask its maker for it again.")
            return redact(folder, output, rules, by, zipped=zipped, say=say)
    raise_if_any(checking.verify(bundle, Trust(), recompute=False, workers=1), bundle)
    if not (bundle / sealing.BAG / "data" / payload.SALTS).is_file():
        raise UsageError(f"{bundle} is a redacted edition.", remedy="Redact the whole bundle, with all rules at once.")
    register = redaction.redact(bundle, output, rules, by)
    say(f"removed: {len(register.removed)} answers and files; each with its reason in {redaction.REGISTER}")
    return [output, *_zipped(output, zipped=zipped)]


def _zipped(output: Path, *, zipped: bool) -> list[Path]:
    if not zipped:
        return []
    target = output.with_name(output.name + archive.SUFFIX)
    archive.write(output, target)
    return [target]


def _refuse_inside(output: Path, folder: Path) -> None:
    if output.resolve().is_relative_to(folder.resolve()):
        raise UsageError(f"{output} lies inside {folder}.", remedy="Name a place outside of it.")
