"""Work on a Dask cluster: a sweep's fits, the fit of a run.

``address`` says whether there is one; ``connection`` reaches it, and ``versions`` checks its
workers. ``worker_data`` brings them images, once each, and ``fit_process`` has a process of its own
for each fit there, which a cancel can end. Only these modules import ``distributed``, and only
where an address is given.
"""
