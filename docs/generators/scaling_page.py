"""The text of docs/scaling.md around its numbers."""

# A price, when it was read ("" if from memory), and its source.
PRICES = (
    (
        "Cloud Run: {cpu} per vCPU second, {memory} per GiB second, {request} per million requests",
        "November 2026",
        "[1]",
    ),
    (
        "Cloud Run, free each month: 180,000 vCPU seconds, 360,000 GiB seconds, 2 million requests",
        "November 2026",
        "[1]",
    ),
    (
        "Cloud Run, idle: {idle} per vCPU second, and the same per GiB second",
        "November 2026",
        "[1], firebase-tools",
    ),
    (
        "Firestore, per 100,000: reads {reads}, writes {writes}, deletes {deletes}",
        "November 2026",
        "[2]",
    ),
    ("Cloud Logging: {log} per GiB above 50 GiB a month", "November 2026", "[3]"),
    ("data to browsers: {egress} per GiB", "November 2026", "[4]"),
    (
        "load balancer: {hour} per hour for the first rules, {balanced} per GiB",
        "November 2026",
        "[5]",
    ),
    ("*not included*: a connector, two e2-micro instances, about 13 a month", "", ""),
    ("*not included*: Cloud Armor, 5 per policy, 1 per rule, 0.75 per million requests", "", ""),
    ("*not included*: Artifact Registry, 0.10 per GiB and month above 0.5 GiB", "", ""),
    ("*not included*: Cloud KMS (`kms_key`), 0.06 per key version and month", "", ""),
    ("*not included*: the machines of a private pool (`worker_pool`), by the minute", "", ""),
    ("*not included*: Monitoring, by the number of alert conditions", "", ""),
)

PAGE = """\
# Scaling: costs, and the limits that you reach first

This page is for people who plan capacity and budget. `make docs` generates it from
`docs/generators/scaling.py`. To try other assumptions, change them in that file. On this page, a
**launch** includes the click in the chart, the callback, the app's page, 10 reads by a custom
frontend through `fhir_proxy`, and {cds} CDS calls. An EHR calls `cds_services` whenever someone
opens a chart, and we assume that one chart in ten leads to a launch. If your EHR doesn't call
`cds_services`, set `CDS_CALLS = 0`.

## Assumptions

- Clinics are open 22 days a month, 10 hours a day. The busiest minute has three times the average
  load.
- A call to an EHR takes {ehr} s, and a call to the store takes {store} ms. While a function waits,
  you pay for its instance. Requests that wait in it at the same time share its cost.
- Cloud Run keeps each instance below 60% of its CPU capacity and of its concurrency limit.
- All sizes come from the unmodified [`deployment.toml`](../deployment.toml).

These values were measured for one launch with a warm instance (`python -m benchmarks a_launch`, two
cores, x86-64, Python 3.11, November 2026). A Cloud Run vCPU isn't the same as such a core, so
expect up to twice the processor time. The response size of `smart_calc` is compressed.
`cds_services` was measured in one process on SQLite, with 60 calls of 200 kB of prefetch each. Its
row is for {cds} calls:

| | processor, ms | response, bytes | logged, bytes | log lines |
|---|---|---|---|---|
{measured}

Cloud Logging adds about {metadata} bytes to each line: labels for the service and the instance,
times and ids. This number is **from memory**, and we don't know whether Google charges for these
bytes.

## Monthly cost

The costs use list prices in US dollars. Check them first. The table under [Prices](#prices) shows
when and where each one was read. Cloud Run's prices are for europe-west1 (tier 1). Firestore's are
for us-west1, because the price for Europe wasn't found.

| launches a month | 1 thousand | 1 million | 100 million |
|---|---|---|---|
{costs}

Token refreshes (1 read and 2 writes each) aren't included. Data between one and ten TiB costs less
than the price used here. With `min_instances = 0`, there are no idle instances to pay for, but the
first click after a quiet time waits for up to three functions to start.

### Many hospitals

| with {hospitals} hospitals, {launches_each} launches a month each | US dollars a month |
|---|---|
| the sum above, for all their launches at one EHR | {one} |
| the sum for as many EHRs as hospitals | {many} |

The difference is time spent waiting: with about one launch per hour and hospital, an instance's
copies of an EHR's discovery document (10 minutes) and keys (1 hour) have expired. A file with
30,000 FHIR bases and names ([configuration.md](configuration.md#issuers-in-a-file)) added about 7
MB of memory and 50 ms of processor time to the start of `launch` (20 pairs of starts, December
2026), and `cds_services` reads it too. What an instance keeps about EHRs has limits
([performance.md](performance.md#what-an-instance-keeps)): 5,000 launches at 500 FHIR bases raised
one process's memory from 101 to 147 MB, and another 5,000 left it there.

### Prices

{prices}

## Limits, in the order that you reach them

The table uses the sizes in `deployment.toml` and Firestore's initial limit. The three columns on
the right show the amount that's needed in the busiest minute with that number of launches a month,
in bold if it exceeds the limit. The first limit that you reach is **{first}**.

{walls}

- **1 million**: `cds_services` uses all of its instances in the busiest minute.
- **100 million**: You reach most of the limits:
    - *Concurrency and `max_instances`.* `fhir_proxy` waits the longest, because a launch includes
      ten reads. Its memory is enough for 16 simultaneous requests
      ([performance.md](performance.md#how-much-an-instance-holds)), so add instances rather than
      concurrency.
    - *The project's quota.* Request more vCPUs ([Quotas](production.md#quotas)), then raise
      `[quota]` and `max_instances`. Cloud Run itself allows a thousand instances of a service, and
      more with a higher quota.
    - *Firestore's 500/50/5 rule.* A new collection accepts 500 operations a second, then 50% more
      every five minutes [6]. Traffic that grows during a morning is fine, but don't switch all
      hospitals to the app at the same moment.
    - *Cloud Armor.* A hospital whose users share one IP address needs a higher limit than 600
      requests per minute ([Cloud Armor](domain.md#cloud-armor)).
    - *The bill.* The processor time of `cds_services` and the log account for more than half of it.

## Changes that an EHR doesn't respond to

While an EHR hangs, the app gives up reads to keep threads free
([performance.md](performance.md#what-an-ehr-that-hangs-can-hold)), but never a change that was
sent, because it might have been made. So changes that are sent before the first of them has hung
for 3 s can hold every thread of an instance. Until their deadlines pass, the instance serves
nothing else:

| function | change | how many hold an instance | for how long |
|---|---|---|---|
{changes}

Other instances aren't affected. Cloud Run starts another one if all threads are in use, up to
`max_instances`. The alert is `smart: an EHR hangs` ([runbook.md](runbook.md#an-ehr-hangs)).

## State is disposable

If the database is lost or emptied, users launch again. You don't need backups, or a migration of
data if you move.

## The location is fixed

A Firestore database can't move to another location, and neither can the secrets, which have a
single replica. To move, set up the other region ([deploy.md](deploy.md#4-database) from section 4
on, with another `region`), deploy there, switch the DNS record, and delete the old deployment after
its last session has ended (`session_max_hours`).

## A second region

A session is stored in one database, so a browser must stay in one region. Without changing code,
you can use two regions in either of these ways:

- **One region per EHR.** Use a second `deployment.toml` with its own project, `region` and
  `public_url` (`smart-us.example.org`), and another launch URL at those EHRs. A failure in one
  region doesn't affect the other. Use this if data must stay in one country.
- **A standby region.** Deploy the same configuration in a second region with the same `public_url`
  and sealing key, but without a DNS record. If the first region fails, move the DNS record. Open
  sessions then end, and users launch again. You pay for the idle instances and the load balancer's
  rule.

Two regions behind one load balancer don't work without a multi-region database (`nam5`, `eur3`),
which we haven't tried. Its prices are twice as high, and its writes are slower.

## Sources

1. https://cloud.google.com/run/pricing, request-based, and the idle prices in firebase-tools,
   `src/deploy/functions/pricing.ts`.
2. https://firebase.google.com/docs/firestore/pricing (Oregon).
3. https://cloud.google.com/stackdriver/pricing
4. https://cloud.google.com/vpc/network-pricing, premium tier, the first TiB.
5. https://cloud.google.com/load-balancing/pricing
6. https://cloud.google.com/firestore/docs/best-practices, Ramping up traffic.
"""
