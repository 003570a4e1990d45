"""One module per lesson: settings, compute, figures, sentences, questions. No Streamlit."""
