"""The version of EMNIST Lab."""

__version__ = "0.1.0"
