"""For maintainers: benchmarks, and what makes the shipped artifacts anew.

Nothing that runs in the app imports from here; the command line does.
"""
