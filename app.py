"""The RLHF Playground. Run with: streamlit run app.py"""

from core.ui import shell

shell.run()
