"""The embeddings that came with the shipped runs."""

import numpy as np
import pytest

from emnist_lab.evaluation import embedding, fitted_embedding
from emnist_lab.maintenance import embedding_training
from emnist_lab.runs.manifest import MODEL
from emnist_lab.runs.registry import list_runs, open_run

SHIPPED = [run.name for run in list_runs()[0] if run.shipped]


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_run_has_one_that_parts_its_classes_better_than_components(name):
    run = open_run(name)
    fitted, report = fitted_embedding.of(run), run.report()
    assert fitted.model == run.manifest["files"][MODEL]["sha256"]
    chosen = embedding.sample_of(report, 1_000)
    labels, scores = report.labels[chosen], report.scores[chosen]
    found = fitted.project(scores)
    assert found.points.shape == (1_000, 2) and np.isfinite(found.points).all()
    inputs = embedding.log_probabilities(scores)
    quick = [embedding.project(inputs, labels, method).points for method in ("PCA", "LDA")]
    best = max(embedding_training.separation(points, labels) for points in quick)
    assert embedding_training.separation(found.points, labels) > best + 0.1
    assert np.array_equal(found.points, fitted.project(scores).points)


def test_runs_of_ones_own_have_none(folder):
    run = open_run("hog-qda")
    copied = run.for_prior("training")
    assert fitted_embedding.of(copied) is None
    assert fitted_embedding.of(run, run.classes[:5]) is None


def test_a_fit_is_kept_in_a_file_of_numbers(tmp_path):
    fitted = fitted_embedding.of(open_run("hog-qda"))
    fitted_embedding.save(fitted, tmp_path / "again.npz")
    again = fitted_embedding._load(tmp_path / "again.npz")
    assert again.classes == fitted.classes and again.model == fitted.model
    assert all(map(np.array_equal, again.weights, fitted.weights))
