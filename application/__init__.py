"""What people and machines may ask of Truetape: load, decide, save."""
