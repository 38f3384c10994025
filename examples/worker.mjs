// A whole worker in JavaScript, without any package: asks, tries, tells, until the study is over.
//   BELIEFGRID_URL=http://127.0.0.1:8000 node examples/worker.mjs st_...

const { BELIEFGRID_URL = "http://127.0.0.1:8000", BELIEFGRID_TOKEN } = process.env;
const api = `${BELIEFGRID_URL}/api/v1/studies/${process.argv[2]}`;
const headers = { "Content-Type": "application/json" };
if (BELIEFGRID_TOKEN) headers.Authorization = `Bearer ${BELIEFGRID_TOKEN}`;

const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, 1000 * seconds));

/** POST once, however often it has to be sent: the key makes repeats harmless. */
async function post(path, body) {
  const key = crypto.randomUUID();
  for (let wait = 0.1; ; wait = Math.min(2 * wait, 30)) {
    try {
      const answer = await fetch(`${api}/${path}`, {
        method: "POST",
        headers: { ...headers, "Idempotency-Key": key },
        body: JSON.stringify(body),
      });
      if (answer.status !== 429 && answer.status !== 503) return await answer.json();
    } catch {
      // no answer: the same again
    }
    await pause(Math.random() * wait);
  }
}

/** Stand in for your training run. */
const train = ({ x, y }) => (x - 2) ** 2 + y;

for (;;) {
  const { trials, code, detail } = await post("suggestions", { worker: `node-${process.pid}` });
  if (["exhausted", "converged", "archived"].includes(code)) {
    console.log(`over: ${code}`);
    break;
  } else if (["all_leased", "paused"].includes(code)) {
    await pause(1);
  } else if (code) {
    throw new Error(detail);
  } else {
    const [{ number, assignments }] = trials;
    const value = train(assignments);
    await post(`trials/${number}/observation`, { value });
    console.log(`trial ${number}: ${value}`);
  }
}
