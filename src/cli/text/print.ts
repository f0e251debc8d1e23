/** Prints what a command has to say: as JSON for programs, or in words. */
export function print(json: boolean | undefined, value: object, words: string): void {
  console.log(json ? JSON.stringify(value) : words);
}

/** Help of the option that asks for JSON. */
export const jsonOption = ["--json", "print the result as JSON"] as const;
