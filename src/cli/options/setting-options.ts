import { type Command, Help, Option } from "commander";
import { defaultOf } from "../../config/defaults.ts";
import { type Flag, flags } from "../../config/flags.ts";
import type { CommandLineSettings } from "../../config/layers/command-line.ts";
import { type Setting, settingAt } from "../../config/settings.ts";
import { defaultDataDirectory } from "./data-directory.ts";
import { collect } from "./parse-options.ts";

type SettingOption = { readonly setting: Setting; readonly flag: Flag; readonly option: Option };

/**
 * Adds the flags of settings, `--set` and `--config` to a command. Commander does not read these flags from the
 * environment: `readConfig` does and keeps the source of each value. The help shows variables and defaults.
 */
export function addSettingOptions(command: Command): Command {
  const settingOptions = createSettingOptions();
  for (const { option } of settingOptions) {
    command.addOption(option);
  }
  command
    .addOption(
      new Option("--set <path=value>", "any setting, such as limits.maxInFlight=100; repeatable").argParser(
        collect(String),
      ),
    )
    .option("--config <file>", "configuration file, YAML or JSON");
  command.createHelp = () =>
    Object.assign(new Help(), command.configureHelp(), {
      optionDescription: (option: Option) => {
        const found = settingOptions.find((each) => each.option === option);
        return Help.prototype.optionDescription(found ? withSources(found) : option);
      },
    });
  return command;
}

/** Returns the settings on the command line of a command with these options. */
export function settingsOf(command: Command): CommandLineSettings {
  const values = createSettingOptions().flatMap(({ setting, option }) => {
    const name = option.attributeName();
    return command.getOptionValueSource(name) === "cli"
      ? [[setting.path, command.getOptionValue(name)] as const]
      : [];
  });
  return { flags: new Map(values), sets: command.getOptionValue("set") ?? [] };
}

/** Returns the environment variables of all options of a program. */
export function variablesOf(command: Command): ReadonlySet<string> {
  return new Set([
    ...command.options.flatMap(({ envVar }) => envVar ?? []),
    ...command.commands.flatMap((each) => [...variablesOf(each)]),
  ]);
}

function createSettingOptions(): SettingOption[] {
  return Object.entries(flags).flatMap(([path, flag]) => {
    const setting = settingAt(path);
    return setting ? [{ setting, flag, option: optionOf(setting, flag) }] : [];
  });
}

function optionOf({ readItem, choices }: Setting, { long, value, description }: Flag): Option {
  const option = new Option(value === undefined ? long : `${long} ${value}`, description);
  if (readItem) {
    option.argParser(collect(String));
  }
  if (choices.length > 0) {
    // For help and completion only: the schema validates the value, together with all others.
    option.argChoices = [...choices];
  }
  return option;
}

/** Returns the option for the help, with its variable and default. */
function withSources({ setting, flag, option }: SettingOption): Option {
  const copy = new Option(option.flags, option.description).env(setting.variable);
  if (option.argChoices) {
    copy.choices(option.argChoices);
  }
  const value = setting.path === "storage.data" ? defaultDataDirectory() : defaultOf(setting.path);
  const isShown = flag.value !== undefined && value !== undefined && !Array.isArray(value);
  return isShown ? copy.default(value) : copy;
}
