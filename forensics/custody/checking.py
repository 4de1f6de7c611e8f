"""The whole check of a bundle, folder or archive: what `forensics verify` calls."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from forensics.custody import archive, keys, redaction_checks, seals, timestamps, verifying
from forensics.custody.findings import Findings
from forensics.custody.stamping import Trust
from forensics.errors import UsageError


def trust(pins: Sequence[str], authorities: Sequence[Path]) -> Trust:
    """Return what the one who checks knows from elsewhere; raises UsageError for what is no fingerprint or certificate."""
    certificates = timestamps.joined([path.read_bytes() for path in authorities])
    if certificates is not None and not timestamps.read_certificates(certificates):
        raise UsageError(f"{authorities[0]} holds no certificates.", remedy="Name a PEM file.")
    return Trust(pins=tuple(keys.read_fingerprint(pin) for pin in pins), certificates=certificates)


def verify(bundle: Path, known: Trust, *, recompute: bool, workers: int) -> Findings:
    """Check a bundle and name every fault; raises UsageError where there is none."""
    if bundle.is_file():
        found = Findings()
        with archive.unpacked(bundle, found) as folder:
            if folder is None:
                return found
            if not (folder / seals.SEAL).is_file():
                found.add("missing", seals.SEAL, f"{bundle.name} holds no seal")
                return found
            checked = _verify(folder, known, recompute=recompute, workers=workers)
            checked.faults[:0] = found.faults
            return checked
    return _verify(bundle, known, recompute=recompute, workers=workers)


def _verify(folder: Path, known: Trust, *, recompute: bool, workers: int) -> Findings:
    found, seal = verifying.check(folder, known)
    if seal is not None and seal.stage == "redaction":
        redaction_checks.check(folder, known, found)
    if recompute and found.faults:
        found.note("not recomputed: what is broken proves nothing")
    elif recompute and seal is not None and seal.stage == "redaction":
        found.note("not recomputed: answers were taken out of this edition")
    elif recompute:
        from forensics.custody import recomputing

        recomputing.check(folder, found, workers=workers)
    return found
