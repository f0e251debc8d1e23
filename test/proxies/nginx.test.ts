import { describeProxy } from "./describe-proxy.ts";

describeProxy("nginx");
