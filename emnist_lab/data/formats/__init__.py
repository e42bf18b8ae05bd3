"""Readers of the file formats in which EMNIST is passed on, one module a format.

Each has `find` (which files are of its format) and its sources' `read` (images and labels).
"""
