import { homedir } from "node:os";
import { join } from "node:path";

/**
 * Returns the default data directory: `mdps` in the operating system's directory for the user's application data. On
 * Linux, `$XDG_DATA_HOME/mdps` or `~/.local/share/mdps`.
 */
export function defaultDataDirectory(): string {
  switch (process.platform) {
    case "darwin":
      return join(homedir(), "Library", "Application Support", "mdps");
    case "win32":
      return join(process.env.LOCALAPPDATA ?? join(homedir(), "AppData", "Local"), "mdps");
    default:
      return join(process.env.XDG_DATA_HOME || join(homedir(), ".local", "share"), "mdps");
  }
}
