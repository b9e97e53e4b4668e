// Everything that makes the pages pleasant beyond plain HTML. Without it they work all the same.
import { listenToKeys } from "./keys.js";
import { tendLists } from "./lists.js";
import { goLive } from "./live.js";
import { showTimes } from "./times.js";

showTimes(document);
listenToKeys();
tendLists();
goLive();
// Pages without charts need not load what draws them.
if (document.querySelector("figure[data-plot]")) {
  import("./charts.js").then(({ drawCharts }) => drawCharts(document));
}
