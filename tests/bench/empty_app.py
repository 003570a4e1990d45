"""An empty Streamlit app: what the start of ours is compared with."""

import streamlit as st

st.title("Empty")
