"""The logical id of a FHIR resource (R4, https://hl7.org/fhir/R4/datatypes.html#id).

As a pattern for a whole segment of a path: `.` and `..`, which the standard allows, are left out.
"""

PATTERN = r"(?!\.{1,2}(?:/|\Z))[A-Za-z0-9.-]{1,64}"
