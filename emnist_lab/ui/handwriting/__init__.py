"""Parts of the Handwriting page."""
