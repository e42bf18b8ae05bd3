"""Models of every recipe open again; numbers that would mislead compiled code are refused."""

import numpy as np
import pytest
import skops.io

import emnist_lab as lab
from emnist_lab.errors import RunError
from emnist_lab.models import catalog
from emnist_lab.runs import safe_loading

SMALL = {
    "hog-mlp": {"max_iter": 1},
    "warped-mlp": {"max_iter": 1, "hidden_layer_sizes": 8},
    "warped-blend": {"max_iter": 1, "hidden_layer_sizes": 8, "channels": 4, "hidden": 8},
    "warped-cnn": {"max_iter": 1, "channels": (4, 8), "hidden": 8},
}


def fitted(name, train):
    return lab.fit(name, train.choose("0AaQ7"), params=SMALL.get(name))


@pytest.mark.parametrize("name", catalog.RECIPES)
def test_every_recipe_s_run_opens_again(name, train, tmp_path):
    if name in SMALL:  # five classes have fewer images than their components
        run = lab.fit(name, train.choose("0123456789"), params=SMALL[name])
    else:
        few = {"pca__n_components": 40} if "pca" in catalog.get(name).pipeline().named_steps else {}
        run = lab.fit(name, train.choose("0AaQ7"), params=few)
    images = train.images[:20]
    opened = lab.open_run(run.save("it", tmp_path).folder)
    np.testing.assert_array_equal(opened.predict_proba(images), run.predict_proba(images))


def refused(model, tmp_path, match):
    path = tmp_path / "model.skops"
    path.write_bytes(skops.io.dumps(model))
    with pytest.raises(RunError, match=match):
        safe_loading.open_model(path, "bad")


def bend(tree, **changes):
    """Change a tree's nodes as a file could."""
    state = tree.__getstate__()
    for name, (index, value) in changes.items():
        state["nodes"][name][index] = value
    tree.__setstate__(state)


@pytest.mark.parametrize(
    "changes",
    [
        {"left_child": (0, 10**6)},  # outside
        {"right_child": (1, 0)},  # round in circles
        {"feature": (0, 784)},
        {"feature": (0, -7)},
    ],
)
@pytest.mark.parametrize("name", ["pixels-tree", "pixels-forest"])
def test_a_tree_that_leads_outside_is_refused(name, changes, train, tmp_path):
    run = fitted(name, train)
    last = run.model[-1]
    bend((last.estimators_[3] if name == "pixels-forest" else last).tree_, **changes)
    refused(run.model, tmp_path, "tree")


def test_a_support_vector_machine_that_leads_outside_is_refused(train, tmp_path):
    run = lab.fit("hog-svm", train.choose("0AaQ7"), params={"n_components": 40})
    machine = run.model[-1].calibrated_classifiers_[0].estimator
    machine._n_support = machine._n_support + 50
    refused(run.model, tmp_path, "support vector machine")
