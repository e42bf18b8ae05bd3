"""Readers of the shapes in which people keep EMNIST, one module a shape."""
