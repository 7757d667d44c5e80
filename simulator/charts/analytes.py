"""The measurements in the charts: LOINC code, name, UCUM unit and number of decimals."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Analyte:
    """A numeric measurement, written with `digits` decimals, including trailing zeros."""

    loinc: str
    name: str
    unit: str
    ucum: str
    digits: int
    category: str = "laboratory"


WEIGHT = Analyte("29463-7", "Body weight", "kg", "kg", 1, "vital-signs")
HEIGHT = Analyte("8302-2", "Body height", "cm", "cm", 1, "vital-signs")
HEART_RATE = Analyte("8867-4", "Heart rate", "/min", "/min", 0, "vital-signs")
BREATHS = Analyte("9279-1", "Respiratory rate", "/min", "/min", 0, "vital-signs")
TEMPERATURE = Analyte("8310-5", "Body temperature", "°C", "Cel", 1, "vital-signs")
SPO2 = Analyte("59408-5", "Oxygen saturation by pulse oximetry", "%", "%", 0, "vital-signs")
OXYGEN_FLOW = Analyte("3151-8", "Inhaled oxygen flow", "L/min", "L/min", 1, "vital-signs")
URINE_OUTPUT = Analyte("9187-6", "Urine output", "mL", "mL", 0, "vital-signs")
URINE_SODIUM = Analyte("2955-3", "Sodium, urine", "mmol/L", "mmol/L", 0)
URINE_CREATININE = Analyte("2161-8", "Creatinine, urine", "mg/dL", "mg/dL", 0)
URINE_UREA = Analyte("3095-7", "Urea nitrogen, urine", "mg/dL", "mg/dL", 0)
PAO2 = Analyte("2703-7", "Oxygen pressure, arterial blood", "mm[Hg]", "mm[Hg]", 0)
FIO2 = Analyte("3150-0", "Inhaled oxygen concentration", "%", "%", 0)
COMA_SCALE = Analyte("9269-2", "Glasgow Coma Scale, total", "{score}", "{score}", 0, "vital-signs")
PAIN = Analyte("72514-3", "Pain, 0 to 10", "score", "{score}", 0, "vital-signs")
QT_INTERVAL = Analyte("8634-8", "QT interval", "ms", "ms", 0, "procedure")
CREATININE = Analyte("2160-0", "Creatinine, serum or plasma", "mg/dL", "mg/dL", 2)
EGFR = Analyte("98979-8", "Filtration rate, CKD-EPI 2021", "mL/min/1.73 m2", "mL/min/{1.73_m2}", 0)
SODIUM = Analyte("2951-2", "Sodium, serum or plasma", "mmol/L", "mmol/L", 0)
POTASSIUM = Analyte("2823-3", "Potassium, serum or plasma", "mmol/L", "mmol/L", 1)
CHLORIDE = Analyte("2075-0", "Chloride, serum or plasma", "mmol/L", "mmol/L", 0)
BICARBONATE = Analyte("1963-8", "Bicarbonate, serum or plasma", "mmol/L", "mmol/L", 0)
UREA_NITROGEN = Analyte("3094-0", "Urea nitrogen, serum or plasma", "mg/dL", "mg/dL", 0)
GLUCOSE = Analyte("2345-7", "Glucose, serum or plasma", "mg/dL", "mg/dL", 0)
BEDSIDE_GLUCOSE = Analyte("41653-7", "Glucose, capillary, by glucometer", "mg/dL", "mg/dL", 0)
OSMOLALITY = Analyte("2692-2", "Osmolality, serum or plasma", "mosm/kg", "mosm/kg", 0)
LACTATE = Analyte("2524-7", "Lactate, serum or plasma", "mmol/L", "mmol/L", 1)
HBA1C = Analyte("4548-4", "Hemoglobin A1c/hemoglobin total, blood", "%", "%", 1)
CHOLESTEROL = Analyte("2093-3", "Cholesterol, serum or plasma", "mg/dL", "mg/dL", 0)
HDL = Analyte("2085-9", "HDL cholesterol, serum or plasma", "mg/dL", "mg/dL", 0)
TRIGLYCERIDES = Analyte("2571-8", "Triglyceride, serum or plasma", "mg/dL", "mg/dL", 0)
LDL = Analyte("13457-7", "LDL cholesterol, calculated", "mg/dL", "mg/dL", 0)
HEMOGLOBIN = Analyte("718-7", "Hemoglobin, blood", "g/dL", "g/dL", 1)
LEUKOCYTES = Analyte("6690-2", "Leukocytes, blood", "10*3/uL", "10*3/uL", 1)
ALBUMIN_RATIO = Analyte("9318-7", "Albumin/creatinine ratio, urine", "mg/g", "mg/g{creat}", 1)
ALBUMIN = Analyte("1751-7", "Albumin, serum or plasma", "g/dL", "g/dL", 2)
CALCIUM = Analyte("17861-6", "Calcium, serum or plasma", "mg/dL", "mg/dL", 1)
BILIRUBIN = Analyte("1975-2", "Bilirubin total, serum or plasma", "mg/dL", "mg/dL", 2)
AST = Analyte("1920-8", "Aspartate aminotransferase, serum or plasma", "U/L", "U/L", 0)
ALT = Analyte("1742-6", "Alanine aminotransferase, serum or plasma", "U/L", "U/L", 0)
PLATELETS = Analyte("777-3", "Platelets, blood", "10*3/uL", "10*3/uL", 0)
INR = Analyte("6301-6", "INR, platelet poor plasma", "{INR}", "{INR}", 1)
C_REACTIVE_PROTEIN = Analyte("1988-5", "C reactive protein, serum or plasma", "mg/L", "mg/L", 0)
PROCALCITONIN = Analyte("33959-8", "Procalcitonin, serum or plasma", "ng/mL", "ng/mL", 2)
