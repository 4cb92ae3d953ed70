"""The application: command line, configuration, pipeline."""
