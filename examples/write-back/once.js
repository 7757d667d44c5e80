// Writes to the chart once, regardless of the responses: a retry never creates a second copy.
const proxy = `/fhir_proxy/${new URLSearchParams(location.search).get("session")}`;
const wait = (seconds) => new Promise((then) => setTimeout(then, seconds * 1000));

export class Failed extends Error {
  constructor(status, outcome, retryAfter) {
    const words = outcome?.issue?.[0]?.diagnostics ?? (status ? `The response can't be used (status ${status}).` : "There was no response.");
    super(status === 401 ? "The session has ended. Open the app again from the patient's chart." : words);
    this.status = status;   // 0: no response
    this.seconds = Math.min(Number(retryAfter) || 5, 60);
  }
}

async function call(address, options) {
  const answer = await fetch(address, options).catch(() => { throw new Failed(0); });
  const body = await answer.json().catch(() => null);
  if (!answer.ok) throw new Failed(answer.status, body, answer.headers.get("Retry-After"));
  return { body, address: answer.headers.get("Location") };
}

// Read a path below the proxy, or a URL that it returned; retry once after a 503.
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

// An Observation being written: "new", "unsure" or "written". `send` may be called again after it failed.
export class Draft {
  constructor(resource) {
    this.resource = resource;
    this.state = "new";
  }

  // Write it, unless that's done, and resolve to the resource that the EHR returns. If an earlier
  // attempt may have succeeded, search the chart first.
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
      // Only a 4xx means that the EHR made no change.
      if (error.status >= 400 && error.status < 500) this.state = before;
      throw error;
    }
    this.state = "written";
  }

  // Find the same value with the same code and time in the chart.
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

