"""Parts of the Samples page."""
