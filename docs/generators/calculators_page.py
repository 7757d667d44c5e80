"""The text of docs/calculators.md around the formulas: the page, recalculation over HTTP, use."""

PAGE = """\
## On the page

`smart_calc` shows every calculator, filled from the chart of the launch's patient. Calculators with
a result come first, then those that lack one or two values, those that lack more, and those that
don't apply, with the reason. Within a group, the problem list sets the order (atrial fibrillation
moves CHA2DS2-VASc to the top). Calculators in `calculators_off` are listed last and marked as
turned off. They don't calculate.

- Seven searches run in parallel: the patient, laboratory values of one year, lipids, HbA1c, UACR
  and height of ten years, vital signs of two years, social history, diagnoses, active drug orders.
  The limits are 8 seconds per call, 20 in total, and 5 pages per search.
- A line above the list names data that couldn't be read, and the bottom of the page has the reason.
  The inputs for that data stay blank, and you can enter them. "Try again" reads the data without a
  reload, along with all other data of the same calculators. Entered values stay, and a row is
  replaced only by one with more data.
- Every calculator has its row from the start, in the same place for every chart. A row without
  values states that they're being read, and a line above the list shows what is still being read.
  Search finds such a row, which opens when its values arrive. In a wide window, the most relevant
  calculator for the patient opens.
- The app neither shows nor uses a resource about another patient, or about none. The log has the
  number of such resources.
- Formulas that combine laboratory values use values from the same collection. QTc uses a QT
  interval and a heart rate charted within an hour. If a value isn't from that set, its input stays
  blank with a note, and you can choose the value.
- The page has one time zone: the offset of most times in the chart. A time with another offset is
  converted, and the charted time is shown next to it. The age is calculated for the current day in
  that zone. If the age depends on a zone that's still unknown, the page shows only the birth date.
- Each value has its unit, date, status, code and age, and the charted value if it was converted.
  You can choose other values instead: a newer preliminary one and up to three older ones.
- MELD counts a bilirubin, an INR or a creatinine below 1.0 as 1.0, so one charted as `< 0.20` is
  enough. Labile INR is a "no" if the drugs were read and none could be a vitamin K antagonist.
- A graph of values over time shows the first and the last value with their dates, how far back they
  go ("last 12 months"), and whether the chart has more. The scale has a minimum span for each
  quantity, such as 0.6 mg/dL for creatinine, so that 1.20 and 1.28 mg/dL look alike.
  `clinical/scales.py` has the spans and their reasons. The line has a gap if values are more than
  three times as far apart as usual.
- A caution shows the charted entry that it's based on. An entry shows the name of its code if that
  differs from its text. A caution about a charted value disappears when another value replaces it.
  The collapsed card shows the most serious caution: an unsteady creatinine or acute kidney injury
  before an old value.
- Each formula states when it was last compared with a second implementation, that no clinician has
  reviewed it, and which code systems are read. "About this app" names who is responsible
  ([configuration.md](configuration.md), `responsible`), or states that no one is named.
- A changed value is marked, also on its row in the list. It counts only in its calculator, and you
  can undo it without a connection. If a change can't be calculated, the previous result stays and
  is marked. If you choose another charted value, the page shows its date and source. If you choose
  another unit, the page converts the number. The server calculates, but doesn't keep what you type
  or write it to the chart.
- If a table of points is published (CHA2DS2-VASc, HAS-BLED, NEWS2), each item shows its definition
  and its points, which follow a change. Below a result, the categories are drawn with the limits
  for this patient, and described in words. A score with missing answers shows its possible range:
  `1 to 3, two answers are missing`.
- The tables of laboratory values and vital signs use the same rules for Observations as the
  calculators. They show the newest usable value. Values that no calculator uses are marked with the
  reason, and values that were skipped (preliminary, dated in the future, standing) are listed below
  it. The range and H or L come from the EHR. The list of all results uses the same rules: the page
  reads results through the proxy and sends them to `POST /smart_calc/SESSION/results`, which
  doesn't keep them.
- Each result, and each range of a score, has one note, and one button copies all of it: the patient
  (name, birth date, record number), every result with its meaning, the values from the chart with
  their dates, entered values, items assumed absent, unanswered items, data that couldn't be read
  and why, the cautions, when the chart was read, and the app's version. You can still copy it after
  the session has ended. A calculator prints on its own sheet with the patient, the user and the
  time.
- A note has a converted value as charted and a calculated one as shown. If you chose another
  charted value, the note has its date and status.
- The bottom of the page lists entries that couldn't be classified once, in the chart's own words.
  You answer the item, never the entry. Notes list unanswered items as "not answered".
- If no data could be read, one card shows the reason, what to do, and a line for support.
- If the session ends while the page is open, the page shows that and what to do. You can still
  read, select, copy and print the page, and undo a change, but it calculates nothing more.
- A calculator marked legacy or time-critical doesn't calculate until you press "Calculate", next to
  its title. Entered values stay until you open another row or close the row.

The page shows in words how it got an input from the chart:

| words | the input | its value |
| --- | --- | --- |
| found in chart | has a charted value within its look-back | filled in |
| calculated from the chart | is the result of another calculator | filled in |
| not found in chart | was searched for and isn't there; a yes-or-no item is then assumed absent, \
and the page says so | blank, or no |
| not answered | is a diagnosis or drug, and entries that couldn't be classified might be it | \
blank |
| charted only as below or above a limit | is `<` or `>` a limit | blank, unless the formula \
counts everything below that as one number |
| charted, but not readable | has no unit, an unknown one, or text for a number | blank |
| implausible: check the unit | is outside its hard range, or outside its unit's range | blank |
| chart contradicts itself | has two values at the same time that contradict each other, or a \
diastolic pressure that isn't below the systolic one | blank |
| last known value is too old | has a value older than its look-back | blank, but shown |
| only a preliminary value | has no final value | blank, but shown |
| suggested by the chart: please confirm | has an entry that isn't certain enough to count | blank |
| not collected with the other values | has a value, but not from the same set | blank |
| not read from the chart: please enter | is never read from a chart | blank |
| could not be read | belongs to a search that failed or that the scopes don't cover | blank |

## Which measured values count

- Two values at the same time agree only if one is the other, converted and rounded to the displayed
  digits, and if they differ by no more than 2%. Creatinine of 1.4 mg/dL and 124 µmol/L agree.
  Sodium of 140 and 142 mmol/L contradict each other, so the input stays blank.
- A unit has its own range in a chart: with glucose of 99 mmol/L or creatinine of 8.9 µmol/L, the
  input stays blank. You can still type such a value within the hard range.
- If the printed unit and the UCUM code of a value name different units, the input stays blank and
  the page names both.
- Urea (LOINC 22664-7) counts as urea nitrogen only in mmol/L. Urea by mass isn't used.
- A laboratory value comes before a newer bedside glucose or blood gas bicarbonate for 24 hours. A
  measured weight or height comes before a newer stated or estimated one while it's fresh. After
  that, the newer value is used, with a note.
- Blood pressures from a standing position or an arterial line aren't used. If the diastolic
  pressure isn't below the systolic one, neither is used.
- A QT interval isn't used if its code, name or method says QTc, Bazett, Fridericia, Framingham,
  Hodges or corrected.
- Creatinine is unsteady if the newest value and one within 7 days differ by a factor of at least
  1.5, if it differs by at least 0.3 mg/dL from one within 48 hours (KDIGO 2012), or if it's at
  least 1.5 times the median of the values up to a year before those 7 days (NHS England, 2014).
  With only one value, the page states that this is unknown.
- A smoking status of "no" isn't used if an active problem says that the patient smokes: one of the
  coded answers for smokers, or words such as "smokes tobacco daily". The input then stays blank.
  "Ex-smoker" and "history of smoking" don't count. ICD codes for tobacco or nicotine aren't read.
- The sex comes from `gender`. The input stays blank if one of these differs: a US Core birth sex or
  sex, a recorded sex at birth (`individual-recordedSexOrGender`, LOINC 76689-9) or
  `patient-sexParameterForClinicalUse`. It also stays blank if such a parameter is `specified` by a
  comment.

## Diagnoses and drugs: found, suggested, open or not found

Missing data in a chart isn't a "no". A yes-or-no item is *not found*, and assumed absent, only if
its search was read to the end and none of its entries could be it. Found takes precedence over
suggested, suggested over open, and open over not found.

- **Codes.** ICD-10 in its WHO, CM, GM, AM and CA editions and ICD-9-CM are read by prefix. A
  classification has one place for everything, so a code that isn't on a list is something else.
  SNOMED CT is read by single concepts. Without a terminology server, their descendants are unknown.
  So for any other concept, its name decides, and can only suggest an item.
  `clinical/chart/codes/systems.py` lists the URLs and OIDs of the systems. Other code systems
  aren't read, but their text is.
- **Words.** Words and abbreviations suggest an item and never count. Most are English, some German,
  French, Spanish, Italian and Dutch. "No", "denies", "family history of" and "ruled out" cancel the
  word that they belong to, and "pulmonary hypertension" isn't hypertension. A text that is exactly
  a common problem such as "asthma" is something else.
- **Unclassified entries.** A local code without text, an unlisted SNOMED CT concept without a name
  or a text without a known word leaves open every diagnosis that its state allows. A resolved or
  inactive entry leaves open only items that count whenever they happened, such as a stroke.
- **State.** Refuted entries and entries made in error are ignored. A provisional entry only
  suggests an item, and so does one that has ended but has no clinical status. If an entry also has
  the code of a relative's disease, a screening or a suspicion (Z80 to Z84, Z11 to Z13, Z03, Z04),
  its other codes only suggest an item.
- **Known cardiovascular disease** follows from heart failure, stroke or TIA, and vascular disease,
  and has some codes besides these.

Drugs are read from orders in the same way:

- **Codes.** An ATC code decides, at any of its levels. The code of a wide group suggests the
  classes in it. Listed RxNorm ingredients, brands and US products count. For any other RxNorm
  concept, its name decides, because RxNorm names contain the ingredients. NDC, PZN, dm+d and local
  codes aren't read, but their text is.
- **Names.** Nonproprietary names, in their English, Latin or French spelling, and brands count as
  whole words. These only suggest a drug class: a name with one letter wrong, a stem such as
  "-sartan", a kind of drug such as "blood thinner", a brand that no public register confirms, and
  loop diuretics, which are often ordered for another reason. About 1,200 names of other drugs show
  that an order is something else.
- **State.** Active orders count. Orders that are on hold, planned or of unknown status only suggest
  a class. A plan that is marked as reported counts, as in US Core's medication list. A reported
  proposal suggests a class, and any other proposal is ignored. Statements, dispenses and
  administrations suggest a class if they're in the response, but the app doesn't search for them.
  Drugs for the skin, the eye or the ear don't count, and neither does heparin that keeps a catheter
  open.
- **Unclassified orders.** An order with only an unknown code or an unknown name, or with a
  Medication that didn't arrive and has no name, leaves every drug class open. It doesn't leave a
  diagnosis open.
- **Drugs in problems.** A problem that names a drug ("Afib, on Eliquis") suggests its class, unless
  it says that the patient doesn't take or tolerate the drug.

The lists are data, one row per line with their sources, in `clinical/chart/codes/*.json`. The words
in other languages and the list of common problems, which one reader chose, aren't verified. For
ICD-10-GM, only the OIDs of 2012 and 2020 are listed. A hospital can't add its own codes, but the
app reads the text of such entries.

## Over HTTP

`POST /smart_calc/SESSION/NAME` calculates one calculator, only from the values in the request:

```json
{"inputs": {"age": {"value": 58, "unit": "a"}, "sex": {"value": "female"},
            "creatinine": {"value": 132.6, "unit": "umol/L"}}}
```

```json
{"calculator": "egfr_ckd_epi_2021", "outputs": {"egfr": 40.2}, "refused": null}
```

- A value is a number, a number as text (with a comma or a dot before its decimals), true or false,
  or one of the answers of its input. `null` or a missing input means that no value was given.
- If nothing can be calculated, `outputs` is empty and `refused` has the reason, in words for a
  clinician. An output that lacks an input is left out, while the others are returned.
- An unknown input or an unusable value refuses all outputs.
- With `"details": true`, the response also has `results`, `faults`, `notes` and `note`, as shown on
  the page. They can change with the page.
- The request needs the session's cookie, and evidence that it comes from your own origin, as for
  the FHIR proxy ([proxy.md](proxy.md#who-may-call)). Refusals come in this order: 405, 403
  `cross_site`, 404 for an unknown calculator, 401, 415 for a media type other than
  `application/json`, 413 over 100 kB, 400 `parameter_invalid` for an invalid body. A calculator
  that's turned off counts as unknown.

`POST /smart_calc/SESSION/unread` with `{"searches": ["labs"], "offset": -360}` reads the data again
that the page couldn't read, for the same callers. The server keeps no chart data, so it also reads
the other inputs of the affected calculators. The response is HTML with parts that replace earlier
parts of the page, and can change with the page. `offset` is the page's time zone in minutes, or
null.
"""

USE = """\
## Intended use

- **Users.** The app is for licensed health professionals who look at the chart of a patient in
  their care. It doesn't replace their judgment. It isn't intended for patients to use on their own.
- **Patients.** Each calculator is for the patients under its "Population", mostly adults. If an
  age, a diagnosis or a value is outside that, the calculator refuses or warns.
- **Purpose.** The app shows a published score or formula with the values from the chart, each with
  its date and source. It isn't for emergencies, alarms or continuous monitoring.
- **Data.** The app reads the patient, laboratory values, vital signs, social history, diagnoses and
  active drug orders of the launch's patient when the page opens. It writes nothing. The data can be
  incomplete, out of date or wrong: check every value and its date before you use a result.
- **Validation.** Each formula reproduces the published or independently calculated cases that
  "Vectors" counts. "Validation" describes how the formula itself was validated on patients, if an
  open source states it.
- **Limits.** A patient doesn't necessarily take an ordered drug, a diagnosis that isn't charted
  isn't necessarily absent, and free text is never read as a value. Each formula lists its own
  limits.

No regulator has reviewed the app. The operator's counsel decides whether it's a medical device
where it's used.

NEWS2: Royal College of Physicians, National Early Warning Score (NEWS) 2, London 2017. PREVENT is a
trademark of the American Heart Association, which doesn't endorse this app. SNOMED CT codes are
used to recognize diagnoses. SNOMED CT is used under its own license.
"""
