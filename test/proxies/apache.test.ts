import { describeProxy } from "./describe-proxy.ts";

describeProxy("apache");
