// The console's only script of ours: everything works without it, but does not move.
import * as charts from "./charts.js";
import * as keys from "./keys.js";
import * as live from "./live.js";
import * as times from "./times.js";

times.start();
keys.start();
charts.start();
live.start();
