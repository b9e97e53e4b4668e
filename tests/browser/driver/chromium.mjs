// The Chromium of the system, for tests and for pictures.
import { chromium } from "playwright-core";

/** Debian's build of it that has no windows: it does half of the work of the one that has them, for the same pages. */
const SHELL = "/usr/bin/chromium-headless-shell";

/** Starts it. No name but this machine's leads anywhere. */
export function launch() {
  const args = [
    "--disable-gpu",
    // Nothing is drawn by a card: a process for it, and one renderer more than each person needs, only take time.
    "--in-process-gpu",
    "--renderer-process-limit=1",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
  ];
  // Chromium's sandbox refuses to run as root.
  const chromiumSandbox = process.getuid?.() !== 0;
  const executablePath = process.env.CHROMIUM || SHELL;
  return chromium.launch({ executablePath, args, chromiumSandbox, headless: true });
}
