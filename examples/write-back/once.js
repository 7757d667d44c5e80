// What is written to the chart once, whatever becomes of the answers: no second copy by a retry.
const proxy = `/fhir_proxy/${new URLSearchParams(location.search).get("session")}`;
const wait = (seconds) => new Promise((then) => setTimeout(then, seconds * 1000));

export class Failed extends Error {
  constructor(status, outcome, retryAfter) {
    const words = outcome?.issue?.[0]?.diagnostics ?? (status ? `No usable answer: status ${status}.` : "No answer came.");
    super(status === 401 ? "The session is over. Open the app again from the patient's chart." : words);
    this.status = status;   // 0: no answer came
    this.seconds = Math.min(Number(retryAfter) || 5, 60);
  }
}

async function call(address, options) {
  const answer = await fetch(address, options).catch(() => { throw new Failed(0); });
  const body = await answer.json().catch(() => null);
  if (!answer.ok) throw new Failed(answer.status, body, answer.headers.get("Retry-After"));
  return { body, address: answer.headers.get("Location") };
}

// A read below the proxy, or at an address that it gave; asked once more after a 503.
export async function read(path) {
  const address = new URL(path, `${location.origin}${proxy}/`);
  try {
    return (await call(address)).body;
  } catch (error) {
    if (error.status !== 503) throw error;
    await wait(error.seconds);
    return (await call(address)).body;
  }
}

// An Observation on its way: "new", "unsure" or "written". `send` may be called again after it failed.
export class Draft {
  constructor(resource) {
    this.resource = resource;
    this.state = "new";
  }

  // Write it, unless that is done, and resolve to what the EHR gives back. Where it is not known whether
  // an attempt was the last, the chart is looked through first.
  async send() {
    if (this.state === "unsure") await this.find();
    if (this.state !== "written") await this.post();
    const written = this.address ? await read(this.address) : await this.find();
    return written ?? Promise.reject(new Failed(0));
  }

  async post() {
    const before = this.state;
    const headers = { "Content-Type": "application/fhir+json", Prefer: "return=minimal" };
    this.state = "unsure";
    try {
      this.address = (await call(`${proxy}/Observation`, { method: "POST", headers, body: JSON.stringify(this.resource) })).address;
    } catch (error) {
      // A 4xx says that the EHR made no change. Nothing else does.
      if (error.status >= 400 && error.status < 500) this.state = before;
      throw error;
    }
    this.state = "written";
  }

  // The same value of the same code and moment in the chart.
  async find() {
    const { code, effectiveDateTime, valueQuantity } = this.resource;
    const { system, code: meant } = code.coding[0];
    const query = new URLSearchParams({ code: `${system}|${meant}`, date: `ge${effectiveDateTime}` });
    const { entry = [] } = await read(`Observation?${query}`);
    const found = entry.map(({ resource }) => resource).find((one) => one.valueQuantity?.value === valueQuantity.value
      && Date.parse(one.effectiveDateTime) === Date.parse(effectiveDateTime));
    if (found) this.state = "written";
    return found;
  }
}

