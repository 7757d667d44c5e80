"""The words of docs/scaling.md around its numbers."""

PAGE = """\
# Scaling: what it costs, and what comes to its end first

For whoever plans. Made by `make docs` (`docs/generators/scaling.py`): change an assumption there
and see. A **launch** here is a click in the chart, the callback, the app's page, and ten reads
through `fhir_proxy` by a page of one's own. CDS calls are not in it.

## Assumed

- Clinics are open 22 days of 10 hours; the busiest minute is three times the mean.
- A call of an EHR takes {ehr} s, one of the store {store} ms. While a function waits it takes no
  processor, but its instance is paid for; requests that wait at once share it.
- An instance is kept below 60 % of its processor and of its concurrency, as Cloud Run does it.
- The sizes of [`deployment.toml`](../deployment.toml) as it is delivered.

Measured for one launch, with a warm instance (`python -m benchmarks a_launch`; two cores, x86-64,
Python 3.11, November 2026; a vCPU of Cloud Run is no such core: expect up to twice as much). The
page is counted as it is sent, compressed:

| | processor, ms | answered, bytes | logged, bytes |
|---|---|---|---|
{measured}

## What a month costs

US dollars, list prices, read in November 2026 in stored copies of the pages named below: check
them. Europe-west1 for Cloud Run (tier 1), us-west1 for Firestore, since Europe's price was not
found there.

| launches a month | 1 thousand | 1 million | 100 million |
|---|---|---|---|
{costs}

Refreshes of tokens (1 read and 2 writes each), a connector for a fixed address (two e2-micro),
images in Artifact Registry and Monitoring are not reckoned. Between one and ten TiB data costs
less than the price used. With `min_instances = 0` the row for it is 0, and the first click after
a quiet time waits for up to three starts; with 1, {functions} functions wait for {warm} a month.

## What comes to its end first

In the busiest minute, beside what `deployment.toml` and Firestore allow at first, and from how many
launches a month on that is too little. Bold: too little.

| | there is | too little from | 1 thousand | 1 million | 100 million |
|---|---|---|---|---|---|
{walls}

- **1 thousand**: nothing. The only question is the first click after a quiet hour.
- **1 million**: still the sizes as delivered. What stands nearest is not ours: how many calls the
  EHR takes from one client (its 429 is passed on, and counts in `smart: server errors`).
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
  - *The bill.* No item stands out. The log can lose its `fhir_request` lines of severity INFO by an
    exclusion of the sink, since the alerts need WARNING and ERROR only.

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
