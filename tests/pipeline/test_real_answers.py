"""Recorded answers of real models: what is known of them must come out. Skipped where the folder is not there.

Nothing of the answers is in here: names of models, ranks and figures only.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from forensics.cli import main

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory):
    """Compare two of the recorded models among all; each pair once."""
    shared = Path(__file__).parents[3] / "shared" / "data" / "alpaca_eval"
    if not shared.is_dir():
        pytest.skip(
            "../shared/data/alpaca_eval (recorded answers of real models) is not there: nothing was tested on real answers"
        )
    folder = tmp_path_factory.mktemp("real")
    done: dict[tuple[str, str], dict] = {}

    def compare(reference: str, questioned: str, *statistics: str) -> dict:
        if (reference, questioned) not in done:
            arguments = ["compare", f"replay:{shared / reference}", f"replay:{shared / questioned}", "--cohort", str(shared),
                         "--replicates", "100", "--format", "json", "--json", "-o", str(folder / f"{reference}-{questioned}"),
                         *(part for name in statistics for part in ("--statistic", name))]  # fmt: skip
            result = CliRunner().invoke(main, arguments)
            assert result.exit_code == 0, result.stderr
            done[reference, questioned] = json.loads(result.stdout)
        return done[reference, questioned]

    return compare


def test_two_hosts_of_one_model_are_each_others_nearest_of_all(compared) -> None:
    found = compared("vicuna-13b-v1.5", "vicuna-13b-v1.5-togetherai", "lexical", "opening")
    assert found["n_probes"] > 790
    for finding in found["findings"]:
        assert finding["rank"] == {"reference": 1, "questioned": 1, "of": 150}
        assert finding["normalised"] > 5
        assert finding["normalised_interval"]["low"] > 3


def test_two_unrelated_models_are_unremarkable(compared) -> None:
    found = compared("falcon-7b-instruct", "wizardlm-70b", "lexical")
    for finding in found["findings"]:
        assert abs(finding["normalised"]) < 2
        assert finding["rank"]["reference"] > 10
        assert finding["rank"]["questioned"] > 10


def test_it_is_said_that_there_is_no_ratio_without_a_calibration(compared) -> None:
    conclusion = compared("falcon-7b-instruct", "wizardlm-70b", "lexical")["conclusion"]
    assert all(weight["log10_lr"] is None and weight["reason"] for weight in conclusion["weights"])
