"""Arrays and records become figures as plain data, each with its text equivalent. No Streamlit."""
