"""A simulated community and market, written as the files that real ones would hand over.

Everything here is invented and says so (`Truetape Demo (simulated)`); the same seed and
sessions give the same bytes. The product reads the files through the same commands as a
person's own, and never sees who was made skilled, lucky or untruthful.
"""
