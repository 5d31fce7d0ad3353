"""Files that a report, a publication or a comparison writes."""
