"""The catalog: what every recipe says of itself."""

import pytest

from emnist_lab.errors import TrainingError
from emnist_lab.models import RECIPES, REFERENCE, catalog, gradient_recipes, pixel_recipes
from emnist_lab.models.trusted_types import trusted_types
from emnist_lab.runs import safe_loading


def test_the_catalog_holds_each_recipe_once():
    both = [*pixel_recipes.RECIPES, *gradient_recipes.RECIPES]
    assert list(RECIPES) == [recipe.name for recipe in both] and REFERENCE in RECIPES
    assert len(RECIPES) == len(both)


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_a_recipe_says_what_people_need(recipe):
    in_pixels = recipe in pixel_recipes.RECIPES
    assert recipe.sees == ("pixels" if in_pixels else "edges")
    assert recipe.title.startswith(f"{recipe.classifier} on ")
    assert recipe.rationale.endswith(".") and recipe in catalog.grouped()[recipe.group]
    steps = recipe.pipeline().steps
    assert len(recipe.stages) == len(steps)
    assert sum(share for _, share in recipe.stages) == pytest.approx(1)
    assert set(recipe.defaults()) == {one.name for one in recipe.hyperparameters}
    assert recipe.checked(recipe.defaults()) == {}


def test_an_unknown_recipe_is_refused_with_those_there_are():
    with pytest.raises(TrainingError, match="choose one of pixels-logistic"):
        catalog.get("nothing")


def test_every_estimator_of_ours_is_trusted_and_nothing_else():
    """The list that was audited: a class that joins it has to be looked at first."""
    assert trusted_types() == [
        "emnist_lab.models.convolution.AugmentedConvolutionalNetwork",
        "emnist_lab.models.ensemble.LogOpinionPool",
        "emnist_lab.models.features.HOG",
        "emnist_lab.models.features.InkDensity",
        "emnist_lab.models.features.Pixels",
        "emnist_lab.models.features.ScaledPixels",
        "emnist_lab.models.features.WithinClassWhitening",
        "emnist_lab.models.forest.ExtraTreesWithProgress",
        "emnist_lab.models.mlp.AugmentedMLPEnsemble",
        "emnist_lab.models.mlp.MLPNetwork",
        "emnist_lab.models.normalization.MomentNormalizer",
        "emnist_lab.models.writer_adaptation.WriterAdaptedClassifier",
    ]
    assert set(trusted_types()) < set(safe_loading.TRUSTED)
    assert {".".join(name) for name in safe_loading.MOVED.values()} <= set(trusted_types())
