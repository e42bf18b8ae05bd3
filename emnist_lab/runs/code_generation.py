"""Python that makes a run again outside the app, from the recipe's own pipeline."""

import inspect
import json
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from ..models.prior_exponent import may_differ

_WIDTH = 88


def snippet(
    pipeline: BaseEstimator,
    split: str,
    *,
    root: str | None = None,
    images: int | None = None,
    classes: str | None = None,
    seed: int = 25,
    add_split: str | None = None,
    handwriting: str | None = None,
    repeat: int = 1,
    prior: str = "training",
) -> str:
    """Code that loads the data, fits the pipeline and prints its scores.

    Parameters
    ----------
    pipeline : sklearn.pipeline.Pipeline
        Unfitted; every parameter that isn't the default is written out.
    split : str
    root : str or None
        Of the dataset; see `emnist_lab.data.dataset_address.DatasetAddress.parse`.
    images : int or None
        Training images; all when None.
    classes : str or None
        Characters to choose; all when None.
    seed : int
        Of the sample.
    add_split : str or None
        Split of the same classes whose training images are added, but none of the test part.
    handwriting : str or None
        Whose kept drawings are added; see `emnist_lab.handwriting.with_kept_drawings`.
    repeat : int
        How often each of these counts.
    prior : str
        For which class frequencies it answers; see `emnist_lab.runs.class_prior.entry`.

    Returns
    -------
    str
        A Python program. It needs scikit-learn, and EMNIST Lab for the data
        and its own representations.
    """
    imports = {"sklearn.metrics": {"accuracy_score", "log_loss", "roc_auc_score"}}
    built = _code(pipeline, imports, 0)
    if root and Path(root).exists():
        root = str(Path(root).resolve())
    where = f", {json.dumps(root)}" if root else ""
    choose = f".choose({json.dumps(classes)})" if classes else ""
    draw = f".sample({images}, seed={seed})" if images else ""
    loaded = f'lab.load("{split}", "train"{where})'
    test_first = [f'test = lab.load("{split}", "test"{where})']
    test_last = [f"{test_first[0]}{choose}"]
    if add_split:
        lines = [
            *test_first,
            f"train = {loaded}",
            f'more = lab.load("{add_split}", "train"{where}).without(train, test)',
            f"train = train.joined(more){choose}{draw}",
        ]
        test_last = [f"test = test{choose}"] if choose else []
    else:
        lines = [f"train = {loaded}{choose}{draw}"]
    kept = []
    if handwriting:
        imports["emnist_lab.handwriting"] = {"with_kept_drawings"}
        often = f", times={repeat}" if repeat > 1 else ""
        kept = [f"train = with_kept_drawings(train, {json.dumps(handwriting)}{often})"]
    answers = []
    if prior != "training":
        power = ""
        if may_differ(pipeline):
            imports["emnist_lab.models.prior_exponent"] = {"prior_exponent"}
            power = " ** prior_exponent(model)"
        answers = [
            "# Answer for equally frequent classes: training's frequencies are divided out.",
            f"probabilities /= train.counts()[model.classes_]{power}",
        ]
        if prior != "equal":
            imports["emnist_lab.runs.class_prior"] = {"entry", "frequencies"}
            answers += [
                "# Then for given frequencies.",
                f"given = entry(train.counts(), {json.dumps(prior)}, train.classes)",
                'probabilities *= frequencies(given, "given")[model.classes_]',
            ]
        answers.append("probabilities /= probabilities.sum(axis=1, keepdims=True)")
    two = classes is not None and len(set(classes)) == 2  # scikit-learn wants one column then
    area = "probabilities[:, 1]" if two else 'probabilities, multi_class="ovo"'
    names = [
        f"from {module} import {', '.join(sorted(names, key=str.casefold))}"
        for module, names in sorted(imports.items())
    ]
    return "\n".join(
        [
            *names,
            "",
            "import emnist_lab as lab",
            "",
            *lines,
            *kept,
            *test_last,
            "",
            f"model = {built}",
            "model.fit(train.images, train.labels)",
            "",
            "probabilities = model.predict_proba(test.images)  # a column a class",
            *answers,
            "predictions = model.classes_[probabilities.argmax(axis=1)]",
            "print(test.name)",
            'print("accuracy", accuracy_score(test.labels, predictions))',
            'print("log loss", log_loss(test.labels, probabilities))',
            f'print("ROC AUC", roc_auc_score(test.labels, {area}))',
            "",
        ]
    )


def _code(value: Any, imports: dict[str, set[str]], indent: int) -> str:
    """Expression that makes `value`; what it needs goes to `imports`."""
    inner = " " * (indent + 4)
    if _constructed(value):
        kind = type(value)
        imports.setdefault(_module(kind), set()).add(kind.__name__)
        arguments = [
            ("" if name == "steps" else f"{name}=") + _code(given, imports, indent + 4)
            for name, given, default in _arguments(value)
            if not _same(given, default)
        ]
        return _listed(f"{kind.__name__}(", arguments, ")", indent, inner)
    if isinstance(value, (list, tuple)):
        ends = "[]" if isinstance(value, list) else "()"
        items = [_code(one, imports, indent + 4) for one in value]
        if isinstance(value, tuple) and len(items) == 1:
            return f"({items[0]},)"
        return _listed(ends[0], items, ends[1], indent, inner)
    value = value.item() if isinstance(value, np.generic) else value
    return json.dumps(value) if isinstance(value, str) else repr(value)


def _listed(begin: str, items: list[str], end: str, indent: int, inner: str) -> str:
    line = f"{begin}{', '.join(items)}{end}"
    if indent + len(line) <= _WIDTH and "\n" not in line:
        return line
    if len(items) == 1 and items[0][0] in "[(":  # hugs its only item
        return f"{begin}{items[0]}{end}".replace("\n    ", "\n")
    return begin + "\n" + "".join(f"{inner}{item},\n" for item in items) + " " * indent + end


def _constructed(value: Any) -> bool:
    """Whether it is written as a call: estimators, and the splitters that they hold."""
    return isinstance(value, BaseEstimator) or hasattr(value, "get_n_splits")


def _arguments(value: Any):
    for name, parameter in inspect.signature(type(value).__init__).parameters.items():
        # An estimator without parameters has object's own, which takes anything.
        if name != "self" and parameter.kind in (
            parameter.POSITIONAL_OR_KEYWORD,
            parameter.KEYWORD_ONLY,
        ):
            yield name, getattr(value, name), parameter.default


def _same(given: Any, default: Any) -> bool:
    return type(given) is type(default) and given == default


def _module(kind: type) -> str:
    """Public module: scikit-learn's own files begin with an underscore."""
    parts = kind.__module__.split(".")
    return ".".join(part for part in parts if not part.startswith("_"))
