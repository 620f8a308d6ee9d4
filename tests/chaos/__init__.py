"""Chaos: many people, random faults and kills; then a checker reads the records. See CONTRIBUTING.md."""
