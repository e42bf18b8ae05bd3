"""Where data and runs come from: a small button that opens, in place of lines under everything."""

import streamlit as st

_SHOWN = ("data", "figures")  # what is seen beside the button; a run that reads shows neither
_REPARTITION = "not the official split"  # as names of data have it


def show(*sentences: str, about: str = "this data", generated: bool = False) -> None:
    """An "i" that opens, with what is to be known of where something comes from.

    Parameters
    ----------
    *sentences : str
        Markdown, a paragraph each; names from files go through `formatting.plain` before. Empty
        ones are left out, and without any there is no button.
    about : str
        What they are about, to end "About …".
    generated : bool
        Whether the images are a model's: then the button itself says so, opened or not. So it
        does of images and figures that the first sentence says to be of a re-partition: nobody
        should take them for the official split's.
    """
    said = [one for one in sentences if one]
    if not said:
        return
    repartition = about.endswith(_SHOWN) and _REPARTITION in said[0]
    named = "Generated images" if generated else "Re-partition" if repartition else ""
    label = f"{named}: about {about}" if named else f"About {about}"
    icon = ":material/robot_2:" if generated else ":material/info:"
    with st.popover(label, icon=icon, type="tertiary"):
        for one in said:
            st.markdown(one)
