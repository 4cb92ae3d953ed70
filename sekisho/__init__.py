"""The application: command line, configuration, pipeline."""

__version__ = "0.1.0"
