// Everything that makes the pages pleasant beyond plain HTML. Without it they work all the same.
import { showTimes } from "./times.js";

showTimes(document);
