"""Leak detectors: signs of data or access passing between zones, by the scenarios of the zone model."""
