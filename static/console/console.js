// The console's only script of ours: everything works without it, but does not move.
import * as charts from "./charts.js";
import * as copying from "./copying.js";
import * as keys from "./keys.js";
import * as live from "./live.js";
import * as tail from "./tail.js";
import * as times from "./times.js";
import * as travel from "./travel.js";

times.start();
keys.start();
charts.start();
copying.start();
tail.start();
travel.start();
live.start();
