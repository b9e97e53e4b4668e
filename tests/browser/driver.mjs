// Drives a headless Chromium for the tests: reads one command a line, answers one line each, in the order in which
// they are done. It ends, and Chromium with it, when its input does.
//
// A command: {"id": 7, "page": 3, "do": "open", "path": "/queues"}
// Its answer: {"id": 7, "value": …, "faults": […]} or {"id": 7, "error": "…", "faults": […]}
import { createInterface } from "node:readline";
import { launch } from "./driver/chromium.mjs";
import { Visitor } from "./driver/visitor.mjs";

const chromium = await launch();
const visitors = new Map();

async function carryOut(command) {
  if (command.do === "new") {
    visitors.set(command.page, await Visitor.arrive(chromium, command));
    return null;
  }
  const visitor = visitors.get(command.page);
  if (!visitor) throw new Error(`there is no page ${command.page}`);
  if (command.do === "close") visitors.delete(command.page);
  return visitor.carryOut(command);
}

async function answer(line) {
  const command = JSON.parse(line);
  const reply = { id: command.id };
  try {
    reply.value = (await carryOut(command)) ?? null;
  } catch (error) {
    reply.error = String(error?.message ?? error);
  }
  reply.faults = visitors.get(command.page)?.takeFaults() ?? [];
  process.stdout.write(`${JSON.stringify(reply)}\n`);
}

// Whoever asked may be gone: then its input ends too.
process.stdout.on("error", () => {});

createInterface({ input: process.stdin })
  .on("line", answer)
  .on("close", async () => {
    await chromium.close();
    process.exit(0);
  });
