"""What pages share: cached loaders, the sprite gallery, the job panel. Imports Streamlit."""
