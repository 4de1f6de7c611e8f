"""forensics: calibrated evidence on whether one language model was made from another.

Nothing inside the package imports this module; it holds the version and nothing else.
"""

__version__ = "0.1.0"
