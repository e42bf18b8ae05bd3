"""A pipeline's parameters as plain values, by which two pipelines are told apart."""

from typing import Any


def described(value: Any) -> Any:
    """An estimator or a parameter as JSON has it, the same in every process.

    Parameters
    ----------
    value : object
        Of an estimator its type and parameters are told, of other objects the type's name.

    Returns
    -------
    str, list or dict

    Examples
    --------
    >>> from emnist_lab.models import get
    >>> recipe = get("pixels-logistic")
    >>> described(recipe.pipeline(1)) == described(recipe.pipeline(1))
    True
    >>> described(recipe.pipeline(1)) == described(recipe.pipeline(1, params={"C": 2}))
    False
    """
    if value is None or isinstance(value, (bool, int, float, str)):
        return repr(value)
    if isinstance(value, dict):
        return {str(name): described(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [described(one) for one in value]
    params = getattr(value, "get_params", None)
    # not its qualified name: cloudpickle gives a local class another one
    kind = f"{type(value).__module__}.{type(value).__name__}"
    if params is None or isinstance(value, type):
        return kind
    return [kind, described(params(deep=False))]
