"""EMNIST Lab: `streamlit run app.py` serves the pages and the JSON API from one process."""

import streamlit as st

from emnist_lab.ui import frame, hosting

if __name__ == "__main__":  # Streamlit runs this file for every visitor, and at every click
    frame.show()
else:  # and the server imports it, once
    hosting.prepare()
    app = st.App(
        __file__,
        routes=hosting.routes(),
        middleware=hosting.middleware(),
        lifespan=hosting.lifespan,
        on_script_error=hosting.say_unexpected,
    )
