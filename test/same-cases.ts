import fc from "fast-check";

// The same cases each time, so that a failure belongs to a change. `npm run fuzz` looks for new ones.
fc.configureGlobal({ seed: 1 });
