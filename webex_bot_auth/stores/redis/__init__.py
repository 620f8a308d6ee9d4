"""Redis (6.2 or later): a single server, Sentinel or Cluster. For several processes on several machines."""
