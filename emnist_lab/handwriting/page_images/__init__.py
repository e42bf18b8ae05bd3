"""Photos and scans of writing: binarization, connected components, layout, reading line by line.

`page_reader` is what others call.
"""
