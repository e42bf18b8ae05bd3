"""What a run does on a test part: reports, comparison, explanation, label errors, embeddings.

Figures and the HTML report are made here too; `sweeps` searches hyperparameters.
May import `runs` and what is below it.
"""

from .evaluation import evaluate

__all__ = ["evaluate"]
