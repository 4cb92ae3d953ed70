"""Dashboards as code: panels defined once, rendered to Grafana and by the console."""
