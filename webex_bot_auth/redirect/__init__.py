"""What people see in the browser at the end of a login."""
