/** Masks a user key except for up to 3 characters at its end. */
export function maskKey(userKey: string): string {
  const visible = userKey.length >= 8 ? 3 : userKey.length >= 5 ? 1 : 0;
  return `***${userKey.slice(userKey.length - visible)}`;
}

/** Returns the function that masks user keys, or leaves them if `reveal` is set. */
export function keyDisplay(reveal: boolean): (userKey: string) => string {
  return reveal ? (userKey) => userKey : maskKey;
}

/** Masks a user key within a text, such as an error message. Keys of 1 or 2 characters are left, as they occur in words. */
export function maskIn(text: string, userKey: string): string {
  if (userKey.length < 3) {
    return text;
  }
  const spellings = [userKey, encodeURIComponent(userKey.toWellFormed())];
  return spellings.reduce((masked, spelling) => masked.replaceAll(spelling, maskKey(userKey)), text);
}
