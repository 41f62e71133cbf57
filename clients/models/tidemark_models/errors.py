"""The error of an export."""


class ExportError(Exception):
    """A model that a file would not describe exactly. The message has the reason and the next step."""
