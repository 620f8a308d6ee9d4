"""The REST API below ``/v1``."""
