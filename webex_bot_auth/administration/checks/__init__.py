"""What ``doctor`` checks. ``run_checks`` has the list of all checks, and runs them.

A check is a function that takes the :class:`~.configuration.Configuration` and yields a
:class:`~.check_result.CheckResult` for each line that ``doctor`` prints.
"""
