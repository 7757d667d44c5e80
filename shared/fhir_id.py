"""The logical id of a FHIR resource (R4, https://hl7.org/fhir/R4/datatypes.html#id).

The pattern matches an entire path segment. It excludes `.` and `..`, which the standard allows.
"""

PATTERN = r"(?!\.{1,2}(?:/|\Z))[A-Za-z0-9.-]{1,64}"
