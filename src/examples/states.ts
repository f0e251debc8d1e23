import { type Example, gigabytes, partsAt } from "./example.ts";

const plan = { planId: "acme-travel", planName: "ACME Travel", planCategory: "POSTPAID" };

/** Examples of modules that begin or end. */
export const stateExamples: readonly Example[] = [
  {
    name: "newly-active",
    summary: "a module that was just activated, for an hour",
    kind: "planStatus",
    notifications: ["NOTIFICATION_PLAN_ACTIVATION"],
    body(now) {
      const { status, data, after } = partsAt(now);
      const remainingBytes = gigabytes(2);
      const module = data({
        planModuleState: "NEWLY_ACTIVE",
        byteBalance: { quotaBytes: remainingBytes, remainingBytes },
      });
      return status({ ...plan, planState: "NEWLY_ACTIVE" }, [module], { expireTime: after(1 / 24) });
    },
  },
  {
    name: "expiring-soon",
    summary: "a module that ends in two days",
    kind: "planStatus",
    notifications: ["NOTIFICATION_DATA_EXPIRATION_WARNING"],
    body(now) {
      const { status, data, after } = partsAt(now);
      const module = data({ planModuleState: "EXPIRING_SOON", expirationTime: after(2) });
      return status({ ...plan, planState: "EXPIRING_SOON", expirationTime: after(2) }, [module]);
    },
  },
  {
    name: "expired",
    summary: "a module that ended yesterday",
    kind: "planStatus",
    notifications: ["NOTIFICATION_DATA_EXPIRED"],
    body(now) {
      const { status, data, after } = partsAt(now);
      const module = data({ planModuleState: "EXPIRED", expirationTime: after(-1) });
      return status({ ...plan, planState: "EXPIRED", expirationTime: after(-1) }, [module]);
    },
  },
  {
    name: "inactive",
    summary: "a module that can only be used at night",
    kind: "planStatus",
    notifications: [],
    body(now) {
      const { status, data } = partsAt(now);
      const module = data({
        moduleName: "Night data",
        description: "2 GB from midnight to 6 a.m.",
        planModuleState: "INACTIVE",
        refreshPeriod: "DAILY",
      });
      return status(plan, [module]);
    },
  },
];
