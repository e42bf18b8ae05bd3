"""Metrics: accuracy, ROC AUC, log loss, calibration, confusion, bootstrap intervals.

Everything is computed from labels (N,) and probabilities (N, C); nothing here knows runs.
"""

from .calibration import calibration_error
from .definitions import METRICS, Metric
from .ranking import top_classes, top_labels
from .report import PrecisionRecall, Report
from .roc import RocAuc
from .scores import log_loss, roc_auc_ovo, roc_auc_ovr, top_accuracy

__all__ = [
    "METRICS",
    "Metric",
    "PrecisionRecall",
    "Report",
    "RocAuc",
    "calibration_error",
    "log_loss",
    "roc_auc_ovo",
    "roc_auc_ovr",
    "top_accuracy",
    "top_classes",
    "top_labels",
]
