// Keeps "12 s ago" going on pages that do not refresh themselves.
import * as times from "./console/times.js";

times.start();
