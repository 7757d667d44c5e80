"""A SMART on FHIR backend as one package: the command `smart-calc`, and `smart_calc.testing`.

The code that it runs is a folder of data beside this file (docs/architecture.md says why); nothing
of it can be imported from an environment in which this package is installed.
"""
