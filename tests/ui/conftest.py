"""What tests of pages share."""

import pytest
import streamlit as st


@pytest.fixture(autouse=True)
def fresh():
    """Caches outlive a test's home and dataset."""
    st.cache_data.clear()
    st.cache_resource.clear()
