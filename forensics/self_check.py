"""Is the instrument in order? Controls with a known answer, measured with the very code that measures cases."""

from __future__ import annotations

import platform
import tempfile
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from forensics import __version__, demo_population, preparing, registry, scoring
from forensics.demo_models import CATALOGUE
from forensics.errors import ForensicsError
from forensics.records.transcript import Sampling

REFERENCE = "alder"
NEAR = 3.0
"""Normalised score above which a control with a common source must come out."""
FAR = 2.0
"""Normalised score below which an independent control must come out."""


class Control(NamedTuple):
    """A demo model whose relation to the reference is known."""

    questioned: str
    truth: str
    near: bool


CONTROLS = (
    Control("alder-tuned", "trained further from the reference", near=True),
    Control("alder-mirror", "the reference drawn again", near=True),
    Control("oak", "independent of the reference", near=False),
    Control("willow", "independent of the reference", near=False),
)


class Finding(NamedTuple):
    """One thing that was checked."""

    what: str
    found: str
    ok: bool


def run(*, say: Callable[[str], None]) -> list[Finding]:
    """Check plugins and packages, then measure every control; nothing is left on disk."""
    findings = [Finding("version", f"forensics {__version__}, Python {platform.python_version()}", ok=True)]
    findings += [Finding("package", f"{name} {version(name)}", ok=True) for name in ("numpy", "scipy", "pydantic")]
    for kind in registry.KINDS:
        broken = [f"{item.name}: {item.fault}" for item in registry.catalogue(kind) if item.fault]
        findings.append(Finding(kind, "; ".join(broken) or f"{len(registry.names(kind))} load", not broken))
    with tempfile.TemporaryDirectory() as folder:
        say(f"asking {len(CATALOGUE)} demo models, for {len(CONTROLS)} controls")
        answers = Path(folder) / "answers"
        demo_population.write(answers)
        findings += [_control(answers, Path(folder) / "case", control) for control in CONTROLS]
    return findings


def raise_if_any_failed(findings: Sequence[Finding]) -> None:
    """Raise a ForensicsError where something was not in order."""
    failed = [finding for finding in findings if not finding.ok]
    if failed:
        raise ForensicsError(
            f"{len(failed)} checks failed: {', '.join(f.what for f in failed)}.",
            remedy="Install again from a clean environment; if that does not help, report it with the lines above.",
        )


def _control(answers: Path, folder: Path, control: Control) -> Finding:
    wanted = preparing.Wanted(
        reference=f"replay:{answers / REFERENCE}.jsonl",
        questioned=f"replay:{answers / control.questioned}.jsonl",
        cohort=(str(answers),),
        folder=folder,
        probe_set=None,
        sampling=Sampling(),
        draws=1,
        question="derivation",
        models=None,
        statistics=("lexical",),
        seed=0,
        replicates=100,
        calibration=None,
        transfer=False,
    )
    case = preparing.prepare(wanted, say=lambda _: None)
    value = scoring.score_case(case, root=folder, tool=__version__).scores[0].normalised
    ok = value is not None and (value >= NEAR if control.near else value <= FAR)
    expected = f"at least {NEAR}" if control.near else f"at most {FAR}"
    found = "no value" if value is None else f"{value:.1f}"
    return Finding(
        f"control {control.questioned}, {control.truth}", f"normalised lexical {found}, expected {expected}", ok
    )
