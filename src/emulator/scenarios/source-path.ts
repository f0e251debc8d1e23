/** Returns the parts of a path such as `records[3].planStatus["a b"]`: names of fields, and indexes. */
export function partsOfPath(path: string): (string | number)[] {
  const parts = path.matchAll(/\[(\d+)\]|\[?("(?:[^"\\]|\\.)*")\]?|([^.[\]]+)/g);
  return Array.from(parts, ([, index, quoted, name]) =>
    index !== undefined
      ? Number(index)
      : quoted !== undefined
        ? (JSON.parse(quoted) as string)
        : (name ?? ""),
  );
}

/** Returns the path of a field or an item below another one. */
export function joinPath(path: string, below: string): string {
  return path === "" || below === "" || below.startsWith("[") ? path + below : `${path}.${below}`;
}

/** Returns a key of proto3 JSON in lower camel case: `plan_status` is `planStatus`. */
export function camelKey(key: string): string {
  return key.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** Returns whether one of two paths is equal to the other or below it. The empty path is above all. */
export function isSameOrWithin(one: string, other: string): boolean {
  const [short, long] = [camelKey(one), camelKey(other)].sort((a, b) => a.length - b.length) as [
    string,
    string,
  ];
  return short === "" || long === short || long.startsWith(`${short}.`) || long.startsWith(`${short}[`);
}
