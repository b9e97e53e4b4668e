// The Chromium of the system, for tests and for pictures.
import { chromium } from "playwright-core";

/** Starts it. No name but this machine's leads anywhere. */
export function launch() {
  const args = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
  ];
  // Chromium's sandbox refuses to run as root.
  const chromiumSandbox = process.getuid?.() !== 0;
  const executablePath = process.env.CHROMIUM || "/usr/bin/chromium";
  return chromium.launch({ executablePath, args, chromiumSandbox, headless: true });
}
