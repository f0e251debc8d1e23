/** Shows a user key as far as that tells it apart from its neighbours, and no further. */
export function maskKey(userKey: string): string {
  const visible = userKey.length >= 8 ? 3 : userKey.length >= 5 ? 1 : 0;
  return `***${userKey.slice(userKey.length - visible)}`;
}

/** Returns how user keys are shown. */
export function keyDisplay(reveal: boolean): (userKey: string) => string {
  return reveal ? (userKey) => userKey : maskKey;
}

/** Masks a key wherever a text has it, such as the message of a server. Very short keys are left: they are words. */
export function maskIn(text: string, userKey: string): string {
  if (userKey.length < 3) {
    return text;
  }
  const spellings = [userKey, encodeURIComponent(userKey.toWellFormed())];
  return spellings.reduce((masked, spelling) => masked.replaceAll(spelling, maskKey(userKey)), text);
}
