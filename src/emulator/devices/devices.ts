/** A user key that a device has registered. */
export type RegisteredDevice = {
  readonly userKey: string;
  /** When it was last registered, in ms since the epoch. */
  readonly registeredAtMs: number;
  /** Higher than that of every device registered earlier. Registering again does not change it. */
  readonly number: number;
};

/** The registered devices of all operators, in memory. */
export type Devices = {
  /** Whether only registered keys can be notified. */
  enforced: boolean;
  /** Number of devices. */
  readonly count: number;
  /** Registers a key, or sets the time of a registered one. Returns undefined if there is no room for one more. */
  register(asn: number, userKey: string, nowMs: number): RegisteredDevice | undefined;
  /** Returns whether the key was registered. */
  unregister(asn: number, userKey: string): boolean;
  isRegistered(asn: number, userKey: string): boolean;
  /** Returns up to `most` devices of an operator whose number is greater than `after`, in the order of registration. */
  list(asn: number, after: number, most: number): RegisteredDevice[];
  /** Unregisters all devices, and does not enforce registration any more. */
  clear(): void;
};

/** Largest number of devices. */
export const maxDevices = 100_000;
/** Largest sum of the lengths of their keys, in UTF-16 units. */
const maxKeyUnits = 32 * 1024 * 1024;

/** Creates an empty list of devices, which does not enforce registration. */
export function createDevices(): Devices {
  const byOperator = new Map<number, Map<string, RegisteredDevice>>();
  let enforced = false;
  let count = 0;
  let keyUnits = 0;
  let lastNumber = 0;

  return {
    get enforced() {
      return enforced;
    },
    set enforced(value) {
      enforced = value;
    },
    get count() {
      return count;
    },
    register(asn, userKey, nowMs) {
      const devices = byOperator.get(asn) ?? new Map<string, RegisteredDevice>();
      const known = devices.get(userKey);
      if (known === undefined) {
        if (count >= maxDevices || keyUnits + userKey.length > maxKeyUnits) {
          return undefined;
        }
        count += 1;
        keyUnits += userKey.length;
        byOperator.set(asn, devices);
      }
      const number = known?.number ?? ++lastNumber;
      const device = { userKey, registeredAtMs: nowMs, number };
      // A Map keeps the place of a key that is set again.
      devices.set(userKey, device);
      return device;
    },
    unregister(asn, userKey) {
      const devices = byOperator.get(asn);
      if (devices?.delete(userKey) !== true) {
        return false;
      }
      count -= 1;
      keyUnits -= userKey.length;
      if (devices.size === 0) {
        byOperator.delete(asn);
      }
      return true;
    },
    isRegistered: (asn, userKey) => byOperator.get(asn)?.has(userKey) === true,
    list(asn, after, most) {
      const found: RegisteredDevice[] = [];
      for (const device of byOperator.get(asn)?.values() ?? []) {
        if (found.length === most) {
          break;
        }
        if (device.number > after) {
          found.push(device);
        }
      }
      return found;
    },
    clear() {
      byOperator.clear();
      enforced = false;
      count = 0;
      keyUnits = 0;
    },
  };
}
