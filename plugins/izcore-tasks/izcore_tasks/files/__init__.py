"""Task files: CSV and TSV, JSON lines, JSON, and folders of them."""
