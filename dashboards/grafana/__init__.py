"""Grafana: dashboards from the panels, their provisioning, and pushing them; needs the extra ``grafana``."""
