"""Unit tables: against a second source of factors, and against the traps of general parsers."""

import labunits.converters
import pytest

from clinical.calculators.inputs import INPUTS, OTHER_NUMBERS, to_canonical
from clinical.calculators.model import UnknownUnit
from clinical.calculators.units import normalise
from tests.support.tables import each

# labunits rounds its factors to two or three digits, 0.0167 to 0.017.
LABUNITS = {entry.loinc_num: entry for entry in labunits.converters.analytes()}


@each(
    ("name", "loinc", "si_unit"),
    [
        ("creatinine", "2160-0", "umol/L"),
        ("albumin", "1751-7", "g/L"),
        ("sodium", "2951-2", "mmol/L"),
        ("potassium", "2823-3", "mmol/L"),
        ("chloride", "2075-0", "mmol/L"),
        ("bicarbonate", "1963-8", "mmol/L"),
        ("glucose", "2345-7", "mmol/L"),
        ("bun", "3094-0", "mmol/L"),
        ("triglycerides", "2571-8", "mmol/L"),
        ("ast", "1920-8", "ukat/L"),
    ],
)
def test_si_factors_agree_with_labunits(name: str, loinc: str, si_unit: str) -> None:
    assert normalise(LABUNITS[loinc].si_unit) == normalise(si_unit)
    known = INPUTS[name]
    value = (known.low + known.high) / 2

    si_value = labunits.converters.to_si_unit(value, loinc)

    assert to_canonical(name, si_value, si_unit) == pytest.approx(value, rel=0.025)


# Standard atomic weights, abridged (IUPAC 2021).
ATOMS = {"H": 1.008, "C": 12.011, "N": 14.007, "O": 15.999, "Ca": 40.078}


@each(
    ("name", "atoms", "unit", "millimoles"),
    [
        ("creatinine", {"C": 4, "H": 7, "N": 3, "O": 1}, "umol/L", 1e-3),
        ("creatinine", {"C": 4, "H": 7, "N": 3, "O": 1}, "mmol/L", 1),
        ("bilirubin_total", {"C": 33, "H": 36, "N": 4, "O": 6}, "umol/L", 1e-3),
        ("glucose", {"C": 6, "H": 12, "O": 6}, "mmol/L", 1),
        ("bun", {"N": 2}, "mmol/L", 1),
        ("calcium_total", {"Ca": 1}, "mmol/L", 1),
        ("cholesterol_total", {"C": 27, "H": 46, "O": 1}, "mmol/L", 1),
        ("hdl", {"C": 27, "H": 46, "O": 1}, "mmol/L", 1),
        ("ldl_reported", {"C": 27, "H": 46, "O": 1}, "mmol/L", 1),
        # Triolein stands for triglycerides.
        ("triglycerides", {"C": 57, "H": 104, "O": 6}, "mmol/L", 1),
        ("ethanol", {"C": 2, "H": 6, "O": 1}, "mmol/L", 1),
    ],
)
def test_molar_factors_agree_with_atomic_weights(
    name: str, atoms: dict[str, int], unit: str, millimoles: float
) -> None:
    grams_per_mole = sum(ATOMS[atom] * count for atom, count in atoms.items())

    factor, offset = INPUTS[name].units[normalise(unit)]

    # 1 mmol/L of a molar mass in g/mol is a tenth of it in mg/dL.
    assert factor == pytest.approx(grams_per_mole * millimoles / 10, rel=0.001)
    assert offset == 0


@each(
    ("name", "value", "unit", "canonical"),
    [
        ("creatinine", 88.42, "umol/L", 1.0),
        ("creatinine", 88.42, "µmol/L", 1.0),
        ("creatinine", 88.42, "μmol/L", 1.0),
        ("creatinine", 1.2, " MG/DL ", 1.2),
        ("platelets", 250, "K/uL", 250),
        ("platelets", 250, "x10E3/uL", 250),
        ("platelets", 250000, "/uL", 250),
        ("platelets", 250e9, "/L", 250),
        ("platelets", 250, "G/L", 250),
        ("ast", 0.5, "ukat/L", 30),
        ("alt", 467, "nkat/L", 28.02),
        ("alt", 467, "nmol/(s.L)", 28.02),
        ("ast", 31, "umol/min/L", 31),
        ("ast", 31, "mU/mL", 31),
        ("platelets", 250e9, "{cells}/L", 250),
        ("uacr", 3, "g/mol{creat}", 26.52),
        ("temperature", 98.6, "[degF]", 37.0),
        ("temperature", 95, "°F", 35.0),
        ("hba1c", 53, "mmol/mol", 7.0),
        ("height", 70, "[in_i]", 177.8),
        ("height", 6, "[ft_i]", 182.88),
        ("weight", 154, "lb", 69.853),
        ("systolic_bp", 16, "kPa", 120.01),
        ("spo2", 0.97, "1", 97),
        ("uacr", 3, "mg/mmol{creat}", 26.52),
        ("qt_interval", 0.4, "s", 400),
        ("platelets", 250, "x10 3/uL", 250),
        ("platelets", 250, "10X3/uL", 250),
        ("platelets", 250, "x10(3)/mcL", 250),
        ("platelets", 250, "Th/mm3", 250),
        ("ethanol", 0.08, "%", 80),
        ("ethanol", 0.8, "[permille]", 80),
        ("hba1c", 7, "%{HbA1c}", 7),
        ("hba1c", 7, "% of total Hgb", 7),
        ("calcium_total", 4.8, "mEq/L", 9.619),
        ("creatinine", 14, "mg/L", 1.4),
        ("glucose", 0.9, "g/L", 90),
        ("weight", 2822, "[oz_av]", 80.002),
        ("height", 1750, "mm", 175),
        ("spo2", 97, "percent", 97),
        ("qt_interval", 400, "milliseconds", 400),
        ("inr", 1.1, None, 1.1),
        ("inr", 1.1, "", 1.1),
    ],
)
def test_a_printed_unit_is_converted(
    name: str, value: float, unit: str | None, canonical: float
) -> None:
    assert to_canonical(name, value, unit) == pytest.approx(canonical, rel=1e-4)


@each(
    ("name", "unit"),
    [
        ("calcium_total", None),
        ("sodium", ""),
        ("age", None),
        ("sodium", "mg/dL"),
        ("creatinine", "ng/L"),
        ("creatinine", "g/dL"),
        ("weight", "t"),
        ("temperature", "K"),
        ("heart_rate", "Hz"),
        ("height", "km"),
    ],
)
def test_a_unit_outside_the_table_is_refused(name: str, unit: str | None) -> None:
    with pytest.raises(UnknownUnit):
        to_canonical(name, 1, unit)


@each("name", [*INPUTS, *OTHER_NUMBERS])
def test_the_canonical_unit_of_an_input_converts_to_itself(name: str) -> None:
    known = INPUTS[name] if name in INPUTS else OTHER_NUMBERS[name]

    assert known.units[normalise(known.unit)] == (1, 0)


def test_the_ends_of_a_hard_range_are_accepted_in_every_unit() -> None:
    # 70 g/L x 0.1 is 7.000000000000001 in binary: noise is not a reason to refuse.
    for name, known in INPUTS.items():
        for unit, (factor, offset) in known.units.items():
            for end in (known.low, known.high):
                assert to_canonical(name, (end - offset) / factor, unit) == pytest.approx(end)
