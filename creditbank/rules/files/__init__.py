"""Rule books and records as files: CSV, XLSX and JSON in one documented layout (docs/RULES.md)."""
