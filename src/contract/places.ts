import { holderOf } from "./ip-address.ts";

/** A limited number of places, of which the clients at one address can only take a part. */
export type Places = {
  /** Places that are taken. */
  readonly taken: number;
  /**
   * Takes a place and returns the function that frees it, to be called once. Returns undefined if all places, or all
   * places of the address, are taken. An undefined address is that of a client that has disconnected.
   */
  take(address: string | undefined): (() => void) | undefined;
};

/**
 * Creates places. By default an address may take a quarter of them, so that one client cannot keep all others out. That
 * must also suffice for a proxy which is not in `listen.trustedProxies`, because its clients then share its address.
 */
export function createPlaces(total: number, perAddress: number = Math.ceil(total / 4)): Places {
  /** Only of addresses that have a place, so that memory is bounded too. */
  const takenBy = new Map<string, number>();
  let taken = 0;
  return {
    get taken() {
      return taken;
    },
    take(address) {
      const holder = address === undefined ? "" : holderOf(address);
      const own = takenBy.get(holder) ?? 0;
      if (taken >= total || own >= perAddress) {
        return undefined;
      }
      taken += 1;
      takenBy.set(holder, own + 1);
      return function free() {
        taken -= 1;
        const left = (takenBy.get(holder) ?? 1) - 1;
        if (left === 0) {
          takenBy.delete(holder);
        } else {
          takenBy.set(holder, left);
        }
      };
    },
  };
}
