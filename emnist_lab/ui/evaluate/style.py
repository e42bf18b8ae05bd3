"""What the Evaluate and Compare pages look like beyond Streamlit's theme: headings and figures."""

import streamlit as st

# A component, for the reason that `emnist_lab.ui.frame` gives: `st.html` would arrive later.
_style = st.components.v2.component(
    "emnist_lab_evaluate_style",
    html="<i></i>",
    css="""
[data-testid=stMain] h2 { font-size: 1.5rem; padding: .6rem 0 .3rem; }
[data-testid=stMain] h3 { font-size: 1.15rem; padding: .4rem 0 .2rem; }
[class*=e-head] h1 { font-size: 2rem; line-height: 40px; padding: 0; }
[class*=e-head] [data-testid=stHeading] [data-testid=stMarkdownContainer] { margin: 0; }
.st-key-evaluate-numbers { display: grid; gap: .2rem 1rem; margin-bottom: -.7rem;
  grid-template-columns: repeat(auto-fit, minmax(145px, 1fr)); }
.st-key-evaluate-numbers [data-testid=stMetricValue],
.st-key-evaluate-averages [data-testid=stMetricValue] { font-size: 1.45rem; line-height: 1.25;
  padding: 0; }
.st-key-evaluate-numbers [data-testid=stMetricDelta] { font-size: .8rem; margin: 0;
  color: inherit; background: rgba(128, 136, 152, .15); }
[class*=e-head] { margin-bottom: -.4rem; }
[class*=e-head] button[data-variant=segmented_control] { min-height: 2.5rem; }
[data-testid=stMain] [role=tabpanel] { padding-top: .5rem; }
""",
    isolate_styles=False,
)


def headed(title: str, key: str) -> None:
    """A page's title, and the style that belongs to it.

    Parameters
    ----------
    title : str
    key : str
        Of the style's element, one a page.
    """
    with st.container(width="content", gap=None):
        st.title(title, anchor=False, width="content")
        _style(key=key, height=1)
