"""What docs/calculators.md says beside the formulas: the page, recalculation over HTTP, use."""

PAGE = """\
## On the page

`smart_calc` shows every calculator, filled from the chart of the launch's patient: first what can
be computed, then what lacks one or two values, what lacks more, and what does not apply, with the
reason. Among equals the problem list decides (atrial fibrillation brings CHA2DS2-VASc to the top).
A calculator that `calculators_off` turns off is listed last, says so, and computes nothing.

- Seven searches run side by side: the patient, laboratory values of one year, lipids, HbA1c, UACR
  and height of ten years, vital signs of two years, social history, diagnoses, active drug orders;
  8 seconds a call, 20 in all, 5 pages a search. What could not be read is named above the list,
  with the reason at the foot of the page; its inputs stay open and can be entered. "Try again"
  reads it without a reload, along with everything that the same calculators need. What was entered
  stays, and a row is replaced only by one that knows more.
- Every calculator has its row from the start, in the same place for every chart. A row without
  values says that they are being read, and a line above the list names what is still being read.
  Search finds such a row, which opens when its values arrive. In a wide window the calculator that
  matters most for the patient opens.
- A resource that is about another patient, or names none, is neither shown nor used; the log counts
  those that were set aside.
- Formulas that combine laboratory values take a set drawn together; QTc takes a QT interval and a
  heart rate charted within an hour. A value outside the set stays open, says so, and is offered.
- The page has one time zone: the offset that most times of the chart are written with. A time with
  another offset is converted, and told as charted beside. The age is counted on the day that it is
  there; where that depends on a zone that is not known yet, the birth date stands alone.
- Each value stands with its unit, date, status, code, and how old it is, with the value as charted
  where it was converted and other values to take instead: a newer preliminary one and up to three
  older ones.
- MELD counts a bilirubin, an INR or a creatinine below 1.0 as 1.0, so one charted as `< 0.20` is
  enough. Labile INR is a "no" if the drugs were read and none could be a vitamin K antagonist.
- Values over time show the first and the last value with their dates, how far back they go ("last
  12 months"), and when the chart has more. The scale covers a least span for each quantity, such as
  0.6 mg/dL for creatinine, so that 1.20 and 1.28 mg/dL look alike; the spans and their reasons are
  in `clinical/scales.py`. The line is interrupted where values are more than three
  times as far apart as usual.
- A caution shows the charted entry that it rests on. An entry shows what its code is called if that
  differs from its text.
- Each formula states when it was last compared with a second implementation, that no clinician has
  reviewed it, and which code systems are read. "About this app" names who is responsible
  ([configuration.md](configuration.md), `responsible`), or states that no one is named.
- A changed value is marked, on its row in the list too, counts in its calculator only, and can be
  undone; Undo needs no connection. If a change can't be calculated, the result before it stays and
  is marked. Another charted value that is chosen shows its date and source. Another unit converts
  the number. The server computes it; nothing that is typed is kept or written to the chart.
- A caution about a charted value goes when another value takes its place. On the folded card stands
  the gravest one: an unsteady creatinine or acute kidney injury before the age of a value.
- Where a table of points is published (CHA2DS2-VASc, HAS-BLED, NEWS2), the points stand beside each
  item and follow a change; what counts as an item is said at it. The bands are drawn below a
  result, with the limits of this patient, and the drawing says the same in words.
- A score that lacks answers shows its range over all of them: `1 to 3, two answers are missing`.
- The tables of laboratory values and vital signs judge an Observation as the calculators do: the
  newest usable value is shown, what no calculator takes is marked with the reason, and what was
  passed over for it (preliminary, dated in the future, standing) is told below it. The range and H
  or L are those that the EHR sends. The list of all results is judged in the same way: the page
  sends what it read through the proxy to `POST /smart_calc/SESSION/results`, where nothing is kept.
- Each result, and each range of a score, has one note, and one button copies all of it: the patient
  (name, birth date, record number), every result with its meaning, what was found in the chart with
  its dates, what was entered, what is assumed absent, what is open, what could not be read and why,
  the cautions, when the chart was read, and the app's version. It can still be copied after the
  session has ended. A calculator prints alone on a sheet with the patient, the user and the time.
- A note gives a converted value as charted, a calculated one as shown, and names another charted
  value that was chosen by its date and status.
- Entries that could not be classified are listed once, at the foot of the page, in the chart's own
  words. You answer the item, never the entry. Notes list open items as "not answered".
- Where nothing at all could be read, one card says why, what to do, and a line for support.
- When the session ends while the page is open, it says so and what to do. What is shown can still
  be read, selected, copied and printed, and a change can be undone; nothing more is computed.
- A calculator marked legacy or time-critical computes nothing until "Calculate", next to its title,
  is pressed. What is entered there stays until another row is opened or the row is closed.

How the chart answered an input is said in words:

| words | the input | its value |
| --- | --- | --- |
| found in chart | has a charted value within its look-back | filled in |
| calculated from the chart | is the result of another calculator | filled in |
| not found in chart | was looked for and is not there; for a yes-or-no item this counts as no, \
and the page says so | open, or no |
| not answered | is a diagnosis or drug, and entries that could not be classified could be it | \
open |
| charted only as below or above a limit | is `<` or `>` something | open, unless the formula \
counts everything below that as one number |
| charted, but not readable | has no unit, an unknown one, or text for a number | open |
| implausible: check the unit | lies outside its hard range, or that of its unit | open |
| chart contradicts itself | has two values of one time that exclude each other, or a diastolic \
pressure that isn't below the systolic one | open |
| last known value is too old | has a value older than its look-back | open, shown |
| only a preliminary value | has no final value | open, shown |
| suggested by the chart: please confirm | has an entry that is not sure enough to count | open |
| not collected with the other values | has a value, but not from the same set | open |
| not read from the chart: please enter | is not looked for in a chart | open |
| could not be read | belongs to a search that failed or that the scopes do not cover | open |

## Which measured values count

- Two values of one time agree only if one is the other, converted and rounded to the digits that
  are printed, and if they differ by no more than 2 %. Creatinine of 1.4 mg/dL and 124 µmol/L
  agree. Sodium of 140 and 142 mmol/L contradict each other, so the input stays open.
- A unit has its own range in a chart: glucose of 99 mmol/L and creatinine of 8.9 µmol/L stay
  open. You can still type such a value within the hard range.
- If the printed unit and the UCUM code of a value name different units, the input stays open and
  the page names both.
- Urea (LOINC 22664-7) counts as urea nitrogen in mmol/L only. Urea by mass isn't used.
- A laboratory value comes before a newer bedside glucose or blood gas bicarbonate for 24 hours. A
  measured weight or height comes before a newer stated or estimated one while it's fresh. After
  that the newer value is used, with a note.
- Blood pressures from a standing position or an arterial line aren't used. If the diastolic
  pressure isn't below the systolic one, neither is used.
- A QT interval isn't used if its code, name or method says QTc, Bazett, Fridericia, Framingham,
  Hodges or corrected.
- Creatinine is unsteady if the newest value and one within 7 days differ by a factor of at least
  1.5, if it differs by at least 0.3 mg/dL from one within 48 hours (KDIGO 2012), or if it's at
  least 1.5 times the median of the values up to a year before those 7 days (NHS England, 2014).
  With one value the page says that it cannot tell.
- A smoking status of "no" stays open if an active problem says that the patient smokes: one of the
  coded answers for smokers, or words such as "smokes tobacco daily". "Ex-smoker" and "history of
  smoking" don't count. Codes of ICD for tobacco or nicotine aren't read.
- The sex comes from `gender`. A US Core birth sex or sex, a recorded sex at birth
  (`individual-recordedSexOrGender`, LOINC 76689-9) or `patient-sexParameterForClinicalUse` that
  differs leaves it open, and so does a parameter that is `specified` by a comment.

## Diagnoses and drugs: found, suggested, open or not found

A chart's silence is not a "no". A yes-or-no item is *not found*, and counts as no, only where its
search was read to the end and none of its entries could be it. Found beats suggested, suggested
beats open, and open beats not found.

- **Codes.** ICD-10 in its WHO, CM, GM, AM and CA editions and ICD-9-CM are read by prefix. A
  classification has one place for everything, so a code that isn't on a list is something else.
  SNOMED CT is read by single concepts. Without a terminology server their descendants are unknown,
  so the name of any other concept decides, and only suggests. `clinical/chart/codes/systems.py`
  lists the addresses and OIDs of the systems. Other code systems aren't read, but their text is.
- **Words.** Words and abbreviations suggest an item and never count. Most are English, some German,
  French, Spanish, Italian and Dutch. "No", "denies", "family history of" and "ruled out" cancel the
  word that they belong to, and "pulmonary hypertension" isn't hypertension. A text that is exactly
  a common problem such as "asthma" is something else.
- **Unclassified entries.** A local code without text, an unlisted SNOMED CT concept without a name
  or a text that names nothing known leaves open every diagnosis that its state allows. An entry
  that is resolved or inactive leaves open only what counts whenever it happened, such as a stroke.
- **State.** Refuted entries and entries made in error are ignored. A provisional entry suggests; so
  does one that has ended but has no clinical status. Where an entry also has the code of a
  relative's disease, a screening or a suspicion (Z80 to Z84, Z11 to Z13, Z03, Z04), its other codes
  only suggest.
- **Known cardiovascular disease** follows from heart failure, stroke or TIA, and vascular disease,
  and has some further codes.

Drugs are read from orders in the same way:

- **Codes.** An ATC code decides, at any of its levels. The code of a wide group suggests the
  classes in it. Listed RxNorm ingredients, brands and US products count. For any other RxNorm
  concept its name decides, because RxNorm names contain the ingredients. NDC, PZN, dm+d and local
  codes aren't read, but their text is.
- **Names.** Nonproprietary names, in their English, Latin or French spelling, and brands count as
  whole words. A name with one letter wrong, a stem such as "-sartan", a kind of drug such as "blood
  thinner", and a brand that no public register confirms only suggest. So do loop diuretics, which
  are often ordered for another reason. About 1,200 names of other drugs show that an order is
  something else.
- **State.** Active orders count. Orders that are on hold, planned or of unknown status suggest. A
  plan that is marked as reported counts, as in US Core's medication list. A reported proposal
  suggests; any other proposal is ignored. Statements, dispenses and administrations suggest where
  they are in the answer, but aren't searched for. Drugs for the skin, the eye or the ear don't
  count, and neither does heparin that keeps a catheter open.
- **Unclassified orders.** An unknown code or an unknown name alone, or a Medication that didn't
  arrive and has no name, leaves every drug class open. It doesn't open a diagnosis.
- **Drugs in problems.** A problem that names a drug ("Afib, on Eliquis") suggests its class, unless
  it says that the patient doesn't take or tolerate the drug.

The lists are data, one row per line with their sources, in `clinical/chart/codes/*.json`. Not
verified: the words in other languages and the list of common problems, which one reader chose. Of
the OIDs of ICD-10-GM only those of 2012 and 2020 are listed. A hospital can't add its own codes:
the text of such entries is read.

## Over HTTP

`POST /smart_calc/SESSION/NAME` computes one calculator from what it is sent, and from nothing else:

```json
{"inputs": {"age": {"value": 58, "unit": "a"}, "sex": {"value": "female"},
            "creatinine": {"value": 132.6, "unit": "umol/L"}}}
```

```json
{"calculator": "egfr_ckd_epi_2021", "outputs": {"egfr": 40.2}, "refused": null}
```

- A value is a number, text of a number (a comma or a dot before its decimals), true or false, or
  one of the answers of its input. `null`, or an input that is left out, is one that was not given.
- Where nothing can be computed, `outputs` is empty and `refused` says why, to a clinician. An
  output that lacks an input is left out while others are given.
- An input that the calculator does not know, or a value that cannot be taken, refuses all outputs.
- With `"details": true` the response also has `results`, `faults`, `notes` and `note`,
  as the page prints them; they can change with it.
- The session's cookie is needed, and evidence that an own page asks, as for the FHIR proxy
  ([proxy.md](proxy.md#who-may-call)). Refusals come in this order: 405, 403 `cross_site`, 404 for
  an unknown calculator, 401, 415 for another media type than `application/json`, 413 over 100 kB,
  400 `parameter_invalid` for another form. A calculator that is turned off is unknown here.

`POST /smart_calc/SESSION/unread` with `{"searches": ["labs"], "offset": -360}` reads again what the
page couldn't read, for the same callers. Nothing of a chart is kept, so it also reads whatever the
affected calculators are made of. The response is HTML, parts of the page that take the place of
earlier ones, and can change with it. `offset` is the page's time zone in minutes, or null.
"""

USE = """\
## Intended use

- **For whom.** Licensed health professionals who look at the chart of a patient in their care. It
  does not replace their judgment. Not for patients on their own.
- **For which patients.** Those named under "Population" of each calculator, mostly adults. Where an
  age, a diagnosis or a value lies outside, the calculator refuses or warns.
- **What for.** To see a published score or formula with the values of the chart, each with its date
  and source. Not for emergencies, alarms or continuous monitoring.
- **What it reads.** The patient, laboratory values, vital signs, social history, diagnoses and
  active drug orders of the launch's patient, at the moment the page opens. It writes nothing. What
  it reads can be incomplete, out of date or wrong: every value and its date is to be looked at
  before a result is used.
- **How it was validated.** Each formula computes the published or independently computed cases that
  "Vectors" counts. How the formula itself was validated on patients stands under "Validation", as
  far as that could be read in an open source.
- **Its limits.** A drug that is ordered need not be taken, a diagnosis that is not charted need not
  be absent, and free text is never read as a value. The limits of each formula stand with it.

No regulator has reviewed it; whether it is a medical device where it is used, its operator's
counsel decides.

NEWS2: Royal College of Physicians, National Early Warning Score (NEWS) 2, London 2017. PREVENT is a
trademark of the American Heart Association; no endorsement. SNOMED CT codes are used to recognize
diagnoses; SNOMED CT is used under its own license.
"""
