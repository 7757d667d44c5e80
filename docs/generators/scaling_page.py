"""The words of docs/scaling.md around its numbers."""

# What a price is, when it was read ("" for from memory), and where.
PRICES = (
    (
        "Cloud Run: {cpu} a vCPU second, {memory} a GiB second, {request} a million requests",
        "November 2026",
        "[1]",
    ),
    (
        "Cloud Run, free each month: 180,000 vCPU seconds, 360,000 GiB seconds, 2 million requests",
        "November 2026",
        "[1]",
    ),
    (
        "Cloud Run, idle: {idle} a vCPU second and as much a GiB second",
        "November 2026",
        "[1], firebase-tools",
    ),
    (
        "Firestore, 100,000 of each: {reads} reads, {writes} writes, {deletes} deletes",
        "November 2026",
        "[2]",
    ),
    ("Cloud Logging: {log} a GiB above 50 GiB a month", "November 2026", "[3]"),
    ("data to browsers: {egress} a GiB", "November 2026", "[4]"),
    ("load balancer: {hour} an hour for the first rules, {balanced} a GiB", "November 2026", "[5]"),
    ("*not reckoned*: a connector, two e2-micro instances, about 13 a month", "", ""),
    ("*not reckoned*: Cloud Armor, 5 a policy, 1 a rule, 0.75 a million requests", "", ""),
    ("*not reckoned*: Artifact Registry, 0.10 a GiB and month above 0.5 GiB", "", ""),
    ("*not reckoned*: Cloud KMS (`kms_key`), 0.06 a key version and month", "", ""),
    ("*not reckoned*: the machines of a private pool (`worker_pool`), by the minute", "", ""),
    ("*not reckoned*: Monitoring, by the number of alert conditions", "", ""),
)

PAGE = """\
# Scaling: what it costs, and what comes to its end first

For whoever plans. Made by `make docs` (`docs/generators/scaling.py`): change an assumption there
and see. A **launch** here is a click in the chart, the callback, the app's page, ten reads
through `fhir_proxy` by a custom frontend, and {cds} CDS calls: an EHR calls `cds_services`
whenever someone opens a chart, and one chart in ten is assumed to be followed by a launch. If your
EHR doesn't call it, set `CDS_CALLS = 0` there.

## Assumed

- Clinics are open 22 days of 10 hours; the busiest minute is three times the mean.
- A call of an EHR takes {ehr} s, one of the store {store} ms. While a function waits it takes no
  processor, but its instance is paid for; requests that wait at once share it.
- An instance is kept below 60 % of its processor and of its concurrency, as Cloud Run does it.
- The sizes of [`deployment.toml`](../deployment.toml) as it is delivered.

Measured for one launch, with a warm instance (`python -m benchmarks a_launch`; two cores, x86-64,
Python 3.11, November 2026; a vCPU of Cloud Run is no such core: expect up to twice as much). The
page is counted as it is sent, compressed. `cds_services` was measured in one process on SQLite, 60
calls with 200 kB of prefetch each (43 ms a call). Its row holds {cds} calls:

| | processor, ms | answered, bytes | logged, bytes | log lines |
|---|---|---|---|---|
{measured}

Cloud Logging adds about {metadata} bytes to each line (**from memory**; whether it charges for them
was not seen): labels of the service and of the instance, times and ids. That is more than most
lines hold themselves.

## What a month costs

US dollars, list prices. Check them: Prices, below, says when and where each was read, in a stored
copy of that page. Cloud Run is in europe-west1 (tier 1), Firestore in us-west1, because Europe's
price was not found.

| launches a month | 1 thousand | 1 million | 100 million |
|---|---|---|---|
{costs}

Refreshes of tokens (1 read and 2 writes each) are not reckoned. Between one and ten TiB data costs
less than the price used. With `min_instances = 0` the row for it is 0, and the first click after
a quiet time waits for up to three starts; with 1, {functions} functions wait for {warm} a month.

### Prices

{prices}

## What runs short first

In order, with the sizes in `deployment.toml` and what Firestore allows at first. The columns on the
right show what the busiest minute needs, in bold if there is less. The first to run short:
**{first}**.

{walls}

- **1 thousand**: nothing. The only question is the first click after a quiet hour.
- **1 million**: `cds_services` uses all of its instances in the busiest minute. Another limit is
  near by then: how many calls the EHR accepts from one client (its 429 is passed on, and counts in
  `smart: server errors`).
- **100 million**, each when the table says so:
  - *Concurrency and `max_instances`.* Ten reads of one launch hold `fhir_proxy` longest, waiting.
    Its 16 requests at once are what its memory carries ([performance.md](performance.md), How much
    an instance holds): more instances, not more concurrency.
  - *The project's quota.* 20 vCPU for all instances of a region. Ask for more (Quotas in
    [deploy.md](deploy.md)), then raise `[quota]` and `max_instances`. Cloud Run itself goes to a
    thousand instances of a service, and further by quota.
  - *Firestore's 500/50/5.* A new collection takes 500 operations a second, then half as much again
    every five minutes [6]. Traffic that grows through a morning is no problem; a switch of all
    hospitals at one moment is. Keys are hashes and no field is indexed, so there is no hot spot.
    An instance reads a session at most once in `session_cache_seconds`, so a page that reads fast
    costs less than the 12 reads that are reckoned with.
  - *The load balancer* has no limit of its own that comes near; Cloud Armor's 600 requests a minute
    and address does: a hospital behind one address needs more.
  - *The bill.* The processor time of `cds_services` and the log are more than half of it.

## State is disposable

The store holds pending launches (minutes) and sealed sessions (hours). Nothing in it is a record
of care; the EHR has that. A lost or emptied database means that users click in the chart once
more. So there is no backup, and a move needs no migration.

## The location is fixed

A Firestore database stays where it was made, and so do secrets with their one replica. To move:
set up the other region (deploy.md from section 5 on, with another `region`), deploy there, switch
the DNS record, delete the old one when its last session is over (`session_max_hours`).

## A second region

A session lives in one database, so one browser stays in one region. Two ways, both without a line
of code:

- **Each EHR its region.** A second `deployment.toml` with its own project, `region` and
  `public_url` (`smart-us.example.org`), its own launch URL at those EHRs. Nothing is shared, and
  a fault of one region is none of the other. This is the way to data that must stay in a country.
- **A region in waiting.** The same configuration deployed in a second region under the same
  `public_url` and sealing key, behind no DNS record. When the first fails, the record moves: open
  sessions end, and the next click works. It costs the idle instances and the balancer's rule.

Behind one load balancer, two regions at once do not work: a callback could reach the region that
does not know the launch. A multi-region database (`nam5`, `eur3`) would make that work; its
prices are twice, its writes slower, and it was not tried.

## Sources

1. https://cloud.google.com/run/pricing, request-based, and the idle prices in firebase-tools,
   `src/deploy/functions/pricing.ts`.
2. https://firebase.google.com/docs/firestore/pricing (Oregon).
3. https://cloud.google.com/stackdriver/pricing
4. https://cloud.google.com/vpc/network-pricing, premium tier, the first TiB.
5. https://cloud.google.com/load-balancing/pricing
6. https://cloud.google.com/firestore/docs/best-practices, Ramping up traffic.
"""
