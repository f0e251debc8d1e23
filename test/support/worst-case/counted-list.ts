/** A list that counts how often its items are read, so that a test can show that a long list costs nothing. */
export type CountedList<Item> = { readonly items: Item[]; reads(): number };

/** Creates a list of the same item, `length` times. */
export function countedList<Item>(item: Item, length: number): CountedList<Item> {
  let reads = 0;
  const items = new Proxy(Array<Item>(length).fill(item), {
    get(target, property, receiver) {
      reads += typeof property === "string" && /^\d+$/.test(property) ? 1 : 0;
      return Reflect.get(target, property, receiver);
    },
  });
  return { items, reads: () => reads };
}
