// Everything that makes the pages pleasant beyond plain HTML. Without it they work all the same.
import { goOn } from "./goingon.js";
import { listenToKeys } from "./keys.js";
import { tendLists } from "./lists.js";
import { goLive } from "./live.js";
import { showTimes } from "./times.js";

tend(document);
// What comes into the page later is tended as what was there.
document.addEventListener("fresh", (event) => tend(event.target));
listenToKeys();
goLive();
goOn();

function tend(root) {
  showTimes(root);
  tendLists(root);
  // Pages without charts need not load what draws them.
  if (root.querySelector("figure[data-plot]")) import("./charts.js").then(({ drawCharts }) => drawCharts(root));
}
