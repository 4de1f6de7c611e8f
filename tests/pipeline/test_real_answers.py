"""Recorded answers of real models: what is known of them must come out. Skipped where the folder is not there.

Nothing of the answers is in here: names of models, ranks and figures only.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from forensics.cli import main

pytestmark = pytest.mark.slow


@pytest.fixture
def compare(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Compare two of the recorded models among all."""
    shared = Path(__file__).parents[3] / "shared" / "data" / "alpaca_eval"
    if not shared.is_dir():
        pytest.skip(
            "../shared/data/alpaca_eval (recorded answers of real models) is not there: nothing was tested on real answers"
        )

    def command(reference: str, questioned: str, *statistics: str) -> dict[str, Any]:
        arguments = ["compare", f"replay:{shared / reference}", f"replay:{shared / questioned}", "--cohort", str(shared),
                     "--replicates", "100", "--format", "json", "--json", "-o", str(tmp_path / questioned),
                     *(part for name in statistics for part in ("--statistic", name))]  # fmt: skip
        result = CliRunner().invoke(main, arguments)
        assert result.exit_code == 0, result.stderr
        found: dict[str, Any] = json.loads(result.stdout)
        return found

    return command


def test_what_is_known_of_real_models_comes_out(compare: Callable[..., dict[str, Any]]) -> None:
    """Two hosts of one model are each other's nearest of all; two unrelated models are unremarkable.

    One test, so that the answers of 151 models are read once however the tests are spread.
    """
    found = compare("vicuna-13b-v1.5", "vicuna-13b-v1.5-togetherai", "lexical", "opening")
    assert found["n_probes"] > 790
    for finding in found["findings"]:
        assert finding["rank"] == {"reference": 1, "questioned": 1, "of": 150}
        assert finding["normalised"] > 5
        assert finding["normalised_interval"]["low"] > 3
    assert all(weight["log10_lr"] is None and weight["reason"] for weight in found["conclusion"]["weights"])
    [finding] = compare("falcon-7b-instruct", "wizardlm-70b", "lexical")["findings"]
    assert abs(finding["normalised"]) < 2
    assert finding["rank"]["reference"] > 10
    assert finding["rank"]["questioned"] > 10
