"""The endpoints of the workbench: JSON for the modules in ``static/workbench``, one for each tab."""

from . import calls, clock, errors, events, faults, logins, messages, transcript

BLUEPRINTS = tuple(
    module.blueprint for module in (calls, clock, errors, events, faults, logins, messages, transcript)
)

__all__ = ["BLUEPRINTS"]
