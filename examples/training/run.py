"""Executes the notebook in this folder, and prints the texts of its cells: `python run.py`."""

from pathlib import Path

import nbformat
from nbclient import NotebookClient

folder = Path(__file__).parent
notebook = nbformat.read(folder / "training.ipynb", 4)
NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(folder)}}).execute()
for cell in notebook.cells:
    for output in cell.get("outputs", []):
        print(output.get("text", ""), end="")
