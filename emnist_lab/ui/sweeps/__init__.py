"""What Train and Compare share of sweeps: those that are kept, their tables and charts."""
