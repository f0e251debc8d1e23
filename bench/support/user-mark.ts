const mark = "UUUUUUUU";

/** Returns a text with the number of a user at each mark. */
export function withUser(text: string, user: number): string {
  return text.replaceAll(mark, user.toString().padStart(mark.length, "0"));
}

/** Returns a copy of a request and a function that writes the number of a user at each mark of the copy. */
export function fillable(request: Buffer): { bytes: Buffer; fill(user: number): void } {
  const bytes = Buffer.from(request);
  const places: number[] = [];
  for (let at = bytes.indexOf(mark); at !== -1; at = bytes.indexOf(mark, at + 1)) {
    places.push(at);
  }
  return {
    bytes,
    fill(user) {
      for (const place of places) {
        for (let at = place + mark.length - 1, rest = user; at >= place; at--) {
          bytes[at] = 48 + (rest % 10);
          rest = Math.floor(rest / 10);
        }
      }
    },
  };
}
