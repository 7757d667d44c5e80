"""A SMART on FHIR backend as one package: the command `smart-calc`, and `smart_calc.testing`.

Its code is a data folder next to this file (for the reason, see docs/architecture.md). None of that
code can be imported from an environment where this package is installed.
"""
