"""Widgets of our own: each knows its arguments, and nothing of runs or datasets."""
