"""Runs inside knowlyr-modelaudit's environment: `python _inside_modelaudit.py ANSWERS OUT`. Needs nothing of ours.

The vote over the two comparisons is written out inside the package's `AuditEngine.audit`, which would fingerprint both
models anew for every pair; here every model is fingerprinted once, and the vote follows the same rule.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace

from modelaudit.methods import dli, llmmap  # type: ignore[import-not-found]  # only there

INDEPENDENT_BELOW = 0.5
"""Mean similarity below which the package says `independent`."""


def main() -> None:
    """Fingerprint every model, compare all pairs, write scores and verdicts."""
    source, target = sys.argv[1:]
    answers = json.loads(Path(source).read_text(encoding="ascii"))
    probes = [SimpleNamespace(id=str(p), prompt=str(p)) for p in range(len(answers[0]))]
    llmmap.get_probes = lambda count: probes[:count]
    # The package has no other way in for answers that were recorded.
    llmmap._call_model_api = lambda model, prompt, **_: answers[int(model)][int(prompt)]  # noqa: SLF001
    by_map, by_dli = llmmap.LLMmapFingerprinter(num_probes=len(probes)), dli.DLIFingerprinter()
    prints, signatures = [], []
    for model in range(len(answers)):
        by_map.prepare(str(model))
        found = by_map.get_fingerprint()
        signature = dli._extract_behavior_signature(found.data.pop("raw_responses"))  # noqa: SLF001
        prints.append(found)
        signatures.append(found.model_copy(update={"method": "dli", "data": {"signature": signature}}))
    n = len(answers)
    scores = [[float("nan")] * n for _ in range(n)]
    verdicts = [[""] * n for _ in range(n)]
    for a in range(n):
        for b in range(a + 1, n):
            votes = [by_map.compare(prints[a], prints[b]), by_dli.compare(signatures[a], signatures[b])]
            mean = sum(vote.similarity for vote in votes) / len(votes)
            scores[a][b] = scores[b][a] = mean
            verdicts[a][b] = verdicts[b][a] = _verdict([vote.is_derived for vote in votes], mean)
    Path(target).write_text(json.dumps({"scores": scores, "verdicts": verdicts}))


def _verdict(votes: list[bool], mean: float) -> str:
    if sum(votes) > len(votes) / 2:
        return "likely_derived"
    return "independent" if mean < INDEPENDENT_BELOW else "inconclusive"


if __name__ == "__main__":
    main()
