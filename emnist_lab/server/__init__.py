"""What one server gives to many visitors: rights, who owns what, and what each may see and do.

Pages and the JSON API reach runs, datasets, jobs, curves and marks through here, so that what a
visitor has no right to is refused whichever way it is asked for. May import every room but ui.
"""
