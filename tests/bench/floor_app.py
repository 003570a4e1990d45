"""The floor that lesson pages are compared with: one slider and one chart of eight bars, with torch and a frozen heap."""

import gc

import plotly.graph_objects as go
import streamlit as st


@st.cache_resource(max_entries=1)
def _prepare() -> bool:
    import torch

    torch.set_num_threads(1)
    gc.collect()
    gc.freeze()
    return True


_prepare()
value = st.slider("floor", 0.0, 3.0, 1.5, 0.05, key="floor")
bars = [10 + 5 * i * value for i in range(8)]
st.plotly_chart(go.Figure(go.Bar(x=bars, y=list(range(8)), orientation="h")).update_layout(xaxis_range=[0, 120]))
