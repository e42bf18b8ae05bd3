"""What pages share: cached loaders, the sprite gallery, the job panel. Imports Streamlit."""

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

# A folder called pages/ has Streamlit run a page without its frame (app.py), until the frame has
# called st.navigation once: that is, when the first visit after a start goes straight to a page.
# https://docs.streamlit.io/develop/concepts/multipage-apps/overview
if PagesManager.uses_pages_directory:
    PagesManager.uses_pages_directory = False
    st.rerun()
