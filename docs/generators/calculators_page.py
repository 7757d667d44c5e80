"""The text of docs/calculators.md around the formulas: the page, recalculation over HTTP, use."""

PAGE = """\
## On the page

`smart_calc` fills in every calculator from the chart of the launch's patient. The list has the same order for every
chart, and ends with the calculators marked *legacy* or *time-critical* and those in `calculators_off`, which don't
calculate. A row shows a result, the values that it lacks, or why it doesn't apply. In a wide window, the calculator
that's most relevant to the patient opens: first a result that needs action, then one for a problem in the chart.

Two kinds of mark:

- *urgent* or *action* marks a result in a category for which a cited document asks for action (listed below). The
  mark is left out if the chart shows that the action was taken, such as an anticoagulant, or if the diagnosis that the
  document is about is unconfirmed.
- *caution* marks a result that might not be valid. If several calculators have the same caution, only the first one is
  marked. Old, preliminary and single values are listed once for the whole page, at the bottom.

A search matches names first, then other names, problems and inputs. Enter opens the first match, and Escape clears the
search.

Reading the chart:

- Seven searches run in parallel. They read the patient, one year of laboratory values, ten years of lipids, HbA1c, UACR
  and height, two years of vital signs, the social history, the diagnoses, and the active drug orders. The limits are 8
  seconds per call, 20 seconds in total, and 5 pages per search.
- If data couldn't be read, a line above the list names it, and the bottom of the page shows why. Inputs that need
  this data stay blank, and you can enter values yourself. "Try again" reads all data for the same calculators again. The
  values that you entered stay, and a row is replaced only if the new one has more data.
- The app doesn't show or use a resource about another patient, or one that names no patient. The log has the number of
  such resources.

Values:

- A formula that combines laboratory values uses values from the same collection. QTc uses a QT interval and a heart
  rate charted within an hour of each other. Any other value's input stays blank with a note, and you can choose the
  value.
- The page uses one time zone, which is the UTC offset of most times in the chart. A time with another offset is
  converted, and the charted time is shown next to it. The age is calculated for the current day in that zone. If the
  zone is still unknown and the age depends on it, the page shows only the birth date.
- If a value was converted, the charted value is shown too. You can choose a newer preliminary value or one of up to
  three older values instead.
- In HAS-BLED, labile INR is set to "no" if the drug orders were read and none of them could be a vitamin K antagonist.
- A graph has a minimum span for each quantity, such as 0.6 mg/dL for creatinine, so that 1.20 and 1.28 mg/dL look
  alike. Its line has a gap between values that are more than three times as far apart as usual.
- A caution shows the chart entry that it's based on. If the name of the entry's code differs from the entry's text,
  both are shown. A caution about a charted value disappears when another value replaces that value.
- Values of one draw can be older than the newest ones. They're called old only if the newest value is old too.
- The tables of laboratory values and vital signs, and the list of all results, follow the calculators' rules. The tables
  show the newest usable value, and below it the skipped ones (preliminary, dated in the future, or taken while
  standing). A value that no calculator uses is marked with the reason. The range and the H or L flag come from the EHR.
- Entries that couldn't be classified are listed once at the bottom of the page, in the chart's own words. Your answer
  to an item doesn't change how an entry is classified.

Results:

- A value that you change is marked, and so is the calculator's row in the list. The result by the chart stays next to
  the new one: `8, was 7 by the chart`. The change applies only to that calculator, and you can undo it without a
  connection. If the result can't be recalculated, the previous one stays and is marked. Before you leave the page, the
  browser asks whether to discard typed values. The server doesn't keep them or write them to the chart.
- An item of a score shows its points, and an unticked one the points that a "yes" would add. If a cited paper has the
  event rate at the score, the rate is next to the category.
- If answers are missing, a score shows its possible range: `1 to 3, two answers are missing`.
- A calculator marked *legacy* or *time-critical* doesn't calculate until you press "Calculate", next to its title. The
  values that you enter stay until you open another row or close this one.
- Each result, and each range of a score, has one note, which you can copy even after the session has ended. It contains
  the patient (name, birth date, record number), every result with its meaning, the charted values with their dates
  (converted ones as charted), entered values, items assumed absent, unanswered items, data that couldn't be read and
  why, the cautions, when the chart was read, and the app's version. If you chose another charted value, the note has its
  date and status.
- A calculator prints on its own sheet, with the patient, the user and the time.
- If the session ends while the page is open, the page tells you what to do. You can still read, copy and print it and
  undo a change, but it no longer calculates.

These words on the page show how it got an input from the chart:

| words | the input | its value |
| --- | --- | --- |
| found in chart | has a charted value that isn't older than its "max days" ([Inputs](#inputs)) | filled in |
| calculated from the chart | is the result of another calculator | filled in |
| not found in chart | was searched for and isn't in the chart. A yes-or-no item is then assumed absent, and the page says so | blank, or no |
| not answered | is a diagnosis or drug, and an entry that couldn't be classified might mean it | blank |
| charted only as below or above a limit | is charted as `<` or `>` a number | blank, unless the formula treats everything below that number as one value (MELD: bilirubin, INR, creatinine) |
| charted, but not readable | has no unit, an unknown unit, or text instead of a number | blank |
| implausible: check the unit | is outside its hard range, or outside its unit's range | blank |
| chart contradicts itself | has two values with the same time that contradict each other, or a diastolic pressure that isn't below the systolic one | blank |
| last known value is too old | has only values older than its "max days" | blank, but shown |
| only a preliminary value | has no final value | blank, but shown |
| suggested by the chart: please confirm | has an entry that isn't certain enough to count | blank |
| not collected with the other values | has a value, but not from the same collection | blank |
| not read from the chart: please enter it | is never read from a chart | blank |
| could not be read | belongs to a search that failed or that the scopes don't cover | blank |

## Which measured values count

- Two values with the same time agree only if, after conversion, they differ by no more than rounding to the displayed
  digits explains, and by no more than 2%. Creatinine of 1.4 mg/dL and 124 µmol/L agree. Sodium of 140 and 142
  mmol/L contradict each other, so the input stays blank.
- Each unit has its own range for charted values. If a value is outside it, such as glucose of 99 mmol/L or creatinine
  of 8.9 µmol/L, the input stays blank. You can still type such a value if it's within the hard range.
- If the printed unit and the UCUM code of a value name different units, the input stays blank and the page names both.
- Urea (LOINC 22664-7) counts as urea nitrogen only in mmol/L. Urea by mass isn't used.
- For 24 hours, a laboratory value takes precedence over a newer bedside glucose or blood gas bicarbonate. While it's
  fresh, a measured weight or height takes precedence over a newer stated or estimated one. After that, the newer value
  is used, with a note.
- Blood pressures that were taken while standing or from an arterial line aren't used. If the diastolic pressure isn't
  below the systolic one, neither of the two is used.
- A QT interval isn't used if its code, name or method says QTc, Bazett, Fridericia, Framingham, Hodges or corrected.
- Creatinine isn't stable if the newest value and another one within 7 days differ by a factor of at least 1.5, if the
  newest value differs by at least 0.3 mg/dL from another one within 48 hours (KDIGO 2012), or if it's at least 1.5
  times the median of the values up to a year before those 7 days (NHS England, 2014). If there's only one creatinine,
  the page says that it can't tell whether creatinine is stable.
- A smoking status of "no" isn't used if an active problem says that the patient smokes, either with a coded answer for
  smokers or with words such as "smokes tobacco daily". The input then stays blank. "Ex-smoker" and "history of smoking"
  don't count. ICD codes for tobacco or nicotine aren't read.
- The sex comes from `gender` or, if that isn't male or female, from one of these: a US Core birth sex or sex, a
  recorded sex at birth (`individual-recordedSexOrGender`, LOINC 76689-9) or `patient-sexParameterForClinicalUse`. The
  input stays blank if any of them differ, or if `patient-sexParameterForClinicalUse` is `specified`, which means that a
  comment has the details.

## Diagnoses and drugs: found, suggested, open or not found

Missing data in a chart isn't a "no". A yes-or-no item is *not found*, and assumed absent, only if its search was read
to the end and no entry could refer to that item. Found takes precedence over suggested, suggested over open, and open
over not found.

- **Codes.** The app matches ICD-10 codes (WHO, CM, GM, AM and CA editions) and ICD-9-CM codes by prefix. A
  code that isn't on an item's list means something else. The app matches SNOMED CT codes one by one, without their
  descendants. The name of any other SNOMED CT concept can only suggest an item. `clinical/chart/codes/systems.py` lists the URLs
  and OIDs of the systems. The app doesn't read codes of other systems, but it reads their text.
- **Words.** Words and abbreviations only suggest an item. They never count as found. Most are English, and some are
  German, French, Spanish, Italian and Dutch. "No", "denies", "family history of" and "ruled out" cancel the word that
  they belong to, and "pulmonary hypertension" doesn't suggest hypertension. A text that's exactly the name of a common
  problem, such as "asthma", is classified as another condition.
- **Unclassified entries.** These can't be classified: a local code without text, an unlisted SNOMED CT concept without
  a name, and a text without a known word. Such an entry might refer to any diagnosis that its state allows, so none of
  them is assumed absent. If it's resolved or inactive, it can only refer to items that count no matter when they
  happened, such as a stroke.
- **State.** Refuted entries and entries made in error are ignored. A provisional entry only suggests an item, and so
  does an entry that has ended but has no clinical status. If an entry also has the code of a relative's disease, a
  screening or a suspicion (Z80 to Z84, Z11 to Z13, Z03, Z04), its other codes only suggest an item.
- **Known cardiovascular disease** follows from heart failure, stroke or TIA, or vascular disease. Some codes also count
  directly.
- **Chronic kidney disease** in PREVENT's sentences on blood pressure: a problem counts whatever the eGFR is. A single
  eGFR below 60 counts too, although the diagnosis takes more than 3 months. A urine albumin/creatinine ratio of 30 mg/g (3 mg/mmol) or more has its own caution.
- **Cirrhosis in words** leaves FIB-4's question open: a low result is then called a low probability only for a patient
  without cirrhosis. Varices, portal hypertension and advanced fibrosis count as its signs.
- **LDL cholesterol**: "> 190 mg/dL" counts as 190 or more, and so does 4.9 mmol/L, the guideline's limit in that unit.
- **An anticoagulant that is ordered** stays among CHA2DS2-VASc's cautions, but doesn't mark the row.

Drugs are read from orders in the same way:

- **Codes.** An ATC code of any level takes precedence over RxNorm and, except in a few mixed groups, over the name. The
  code of a broad group suggests the classes in that group. Listed RxNorm ingredients, brands and US products count. For
  any other RxNorm concept, the app uses the name. The app doesn't read
  NDC, PZN, dm+d or local codes, but it reads their text.
- **Names.** Nonproprietary names (in English, Latin or French spelling) and brands count as whole words. Some names
  only suggest a drug class: a name with one wrong letter, a stem such as "-sartan", a kind of drug such as "blood
  thinner", a brand that no public register confirms, and loop diuretics, which are often ordered for another reason.
  About 1,200 names of other drugs show that an order is for something else.
- **Negations.** A name only suggests its class if the text may say that the drug isn't ordered: "no lisinopril
  (cough)", "hold warfarin", "aspirin, not taking". The negation is before the name, or words such as "on hold",
  "refused" or "intolerance" are after it. "No refills", "do not crush" and "hold if SBP < 100" change nothing, and
  neither does a text next to a code that's known.
- **State.** Active orders count. Orders that are on hold or planned, or whose status is unknown, only suggest a class.
  A plan that is marked as reported counts, as in US Core's medication list. A reported proposal suggests a class, and
  any other proposal is ignored. Statements, dispenses and administrations suggest a class if the response contains
  them, but the app doesn't search for them. Drugs for the skin, the eye or the ear don't count, and neither does
  heparin that's used to keep a catheter open.
- **Unclassified orders.** An order leaves every drug class open if it has only an unknown code or an unknown name, or
  if its Medication didn't arrive and the order has no name. Such an order doesn't leave a diagnosis open.
- **Drugs in problems.** A problem that names a drug ("Afib, on Eliquis") suggests its class, unless it says that the
  patient doesn't take or tolerate the drug.

The lists are in `clinical/chart/codes/*.json`, one row per line, with their sources. The words in other languages
aren't verified, and neither is the list of common problems, which one reader chose. For ICD-10-GM, only the OIDs of
2012 and 2020 are listed. A hospital can add
[its laboratory's own codes](configuration.md#your-laboratorys-own-codes), but no codes of diagnoses or drugs. Without a
known code, a diagnosis or a drug is read from its text, but a measured value is ignored.

## Over HTTP

`POST /smart_calc/SESSION/NAME` runs one calculator, using only the values in the request:

```json
{"inputs": {"age": {"value": 58, "unit": "a"}, "sex": {"value": "female"},
            "creatinine": {"value": 132.6, "unit": "umol/L"}}}
```

```json
{"calculator": "egfr_ckd_epi_2021", "outputs": {"egfr": 40.2}, "refused": null}
```

- A value is a number, a number as text (with a comma or a dot before its decimals), true or false, or one of the
  answers to its input. `null` or a missing input means that no value was given.
- If nothing can be calculated, `outputs` is empty and `refused` gives the reason, in words for a clinician. An output
  that lacks an input is left out. If an input is unknown or a value is unusable, all outputs are refused.
- With `"details": true`, the response also has `results`, `faults`, `notes` and `note`, as shown on the page. These
  fields can change when the page does.
- The request needs the session's cookie, and evidence that it comes from your own origin, as for the FHIR proxy
  ([proxy.md](proxy.md#who-may-call)). Requests are refused in this order: 405; 403 `cross_site`; 404 for an unknown
  calculator or one that's turned off; 401; 415 for a media type other than `application/json`; 413 for more than 100
  kB; and 400 `parameter_invalid` for an invalid body.

The page itself also calls these two URLs. The same rules apply to the caller, and the responses can change with the
page:

- `POST /smart_calc/SESSION/unread` with `{"searches": ["labs"], "offset": -360}` reads data that couldn't be read the
  first time. It also reads the other inputs of the affected calculators. The response is HTML. `offset` is the page's
  time zone in minutes, or null.
- `POST /smart_calc/SESSION/results` formats the results that the page read through the proxy for its list of all
  results. The server doesn't keep them.
"""  # noqa: E501 - lines are as long as in the pages

USE = """\
## Not included

| calculator | reason |
| --- | --- |
| qSOFA | The Surviving Sepsis Campaign 2021 recommends against it as the only screening tool for sepsis. |
| Charlson Comorbidity Index | It adds up 19 diagnoses. Those missing in the chart would count as absent, so it would often be too low. |
| PERC | Most of its eight criteria are never in a chart. |
| Wells score for DVT | Its items, except a previous DVT, are findings of the examination. |
| Alveolar-arterial oxygen gradient | Charts rarely have the inspired oxygen and the barometric pressure at the time of the sample. |
| APRI | FIB-4 needs almost the same values, and AASLD 2023 uses it as the first test. |

`POST` with one of these names gets a 404 response.

## Intended use

- **Users.** The app is for licensed health professionals who look at the chart of a patient in their care. It doesn't
  replace their judgment, and isn't for patients to use on their own.
- **Patients.** Each calculator is for the patients under its "Population", who are mostly adults. If an age, a
  diagnosis or a value is outside that population, the calculator refuses or shows a warning.
- **Purpose.** The app shows a published score or formula with the values from the chart, each with its date and source.
  It isn't for emergencies, alarms or continuous monitoring.
- **Data.** The app writes nothing. Its [data](#on-the-page) can be incomplete, out of date or wrong, so check every
  value and its date before you use a result.
- **Validation.** Each formula reproduces the cases that "Vectors" counts. "Validation" describes how the formula itself
  was validated on patients.
- **Limits.** A patient doesn't necessarily take an ordered drug, a diagnosis that isn't charted isn't necessarily
  absent, and free text is never read as a value. Each formula lists its own limits.

No regulator has reviewed the app. The operator's counsel decides whether it's a medical device where it's used.

NEWS2: Royal College of Physicians, National Early Warning Score (NEWS) 2, London 2017. PREVENT is a trademark of the
American Heart Association, which doesn't endorse this app. SNOMED CT codes are used to recognize diagnoses. SNOMED CT
is used under its own license.
"""  # noqa: E501 - lines are as long as in the pages
