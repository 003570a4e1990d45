"""The screen: the only part of core that imports Streamlit."""
