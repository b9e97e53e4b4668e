// Everything that makes the pages pleasant beyond plain HTML. Without it they work all the same.
import { listenToKeys } from "./keys.js";
import { tendLists } from "./lists.js";
import { goLive } from "./live.js";
import { showTimes } from "./times.js";

showTimes(document);
listenToKeys();
tendLists();
goLive();
